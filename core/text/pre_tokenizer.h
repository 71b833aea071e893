// Cuts text into the pieces that the model tokenises one by one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/split.h"

namespace kt::core {

enum class PrependScheme { kNever, kFirst, kAlways };

class PreTokenizer {
 public:
  enum class Kind { kSplit, kPrefixSpace, kByteLevel, kMetaspace };
  struct Step {
    Kind kind;
    TokenPattern pattern = {};  // kSplit
    SplitBehavior behavior = SplitBehavior::kIsolated;
    bool invert = false;
    std::string replacement = {};  // kMetaspace
    PrependScheme prepend = PrependScheme::kNever;
  };

  PreTokenizer() = default;
  explicit PreTokenizer(std::vector<Step> steps) : steps_(std::move(steps)) {}
  // The value of "pre_tokenizer". KT-E0420.
  static Result<PreTokenizer> read(const Json& value);

  void apply(Pieces* pieces) const;

 private:
  std::vector<Step> steps_;
};

// Words, numbers and punctuation with a leading space each, as GPT-2 cuts them.
inline constexpr const char* kGpt2Pattern = R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Result<PrependScheme> prepend_scheme(std::string_view name, const std::string& where);

}  // namespace kt::core
