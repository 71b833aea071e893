// Tokens that are found in the text as they stand, before anything else is done with it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/text/byte_range.h"
#include "core/text/text_trie.h"
#include "core/text/vocabulary.h"

namespace kt::core {

struct AddedToken {
  int32_t id = -1;
  std::string content;
  bool special = false;                 // left out of texts for people
  bool single_word = false;             // no word may touch it
  bool lstrip = false, rstrip = false;  // takes the white space beside it
  bool normalized = false;              // found in the normalised text
  // Steers the model, so that it must not come from a user's text: special ones, and those in brackets like <think>.
  bool is_control() const;
};

// A stretch of a text: one added token, or what lies between two.
struct TokenSpan {
  ByteRange range;
  int32_t id = -1;  // -1: no token
};

class AddedTokens {
 public:
  static constexpr size_t kMaxContent = 1024;  // bytes of one token

  // `searched` is what is looked for in the text: the content, or its normalised form. KT-E0420 for an id or a content that is
  // taken, or a content that is empty or too long.
  Status add(AddedToken token, std::string_view searched);

  // Cuts `text` at the tokens of one kind. Control tokens count only inside one of `allowed`, which are in order.
  std::vector<TokenSpan> split(std::string_view text, bool normalized, std::span<const ByteRange> allowed) const;

  bool has_normalized_control() const { return has_normalized_control_; }
  const AddedToken* find(int32_t id) const;
  int32_t find(std::string_view content) const { return by_content_.find(content); }
  int32_t size() const { return by_content_.size(); }  // largest id + 1
  const std::vector<AddedToken>& tokens() const { return tokens_; }

 private:
  const AddedToken* longest_at(std::string_view text, size_t begin, const TextTrie& trie, std::span<const ByteRange> allowed,
                               size_t* end) const;

  std::vector<AddedToken> tokens_;
  Vocabulary by_content_;
  std::vector<int32_t> index_;  // of an id in tokens_
  TextTrie plain_, normalized_;
  bool has_normalized_control_ = false;
};

}  // namespace kt::core
