// What tokenizers search in texts: a literal, a regular expression, or a kind of character.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/regex.h"
#include "core/base/status.h"
#include "core/text/byte_range.h"

namespace kt::core {

class TokenPattern {
 public:
  using CharTest = bool (*)(char32_t);

  static TokenPattern literal(std::string text);
  static TokenPattern chars(CharTest test);  // every such character is a match
  // In the syntax of Oniguruma. KT-E0420 for patterns that are wrong or that backtrack without bound.
  static Result<TokenPattern> regex(std::string_view pattern, const std::string& where);
  // {"String": ...} or {"Regex": ...}; must not match the empty text.
  static Result<TokenPattern> read(const Json& value, const std::string& where);

  // Matches in order, not overlapping, none empty. A regular expression that gives up on a text matches nothing in the rest of
  // it.
  void find(std::string_view text, std::vector<ByteRange>* out) const;

  // The literal, empty for the other kinds.
  const std::string& literal_text() const { return literal_; }
  // Bytes made of one by putting `replacement` in the place of every match; at least 1.
  double growth(std::string_view replacement) const {
    return std::max(1.0, static_cast<double>(replacement.size()) / static_cast<double>(std::max<size_t>(literal_.size(), 1)));
  }

 private:
  std::string literal_;
  CharTest test_ = nullptr;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace kt::core
