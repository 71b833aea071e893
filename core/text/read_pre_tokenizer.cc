#include "core/text/pre_tokenizer.h"
#include "core/text/text_fields.h"
#include "core/text/utf8.h"

namespace kt::core {

namespace {

using Kind = PreTokenizer::Kind;
using Step = PreTokenizer::Step;

constexpr size_t kMaxSteps = 16;

// \w+|[^\w\s]+ with the \w of Unicode, in which joiners are word characters.
constexpr const char* kWordsOrSymbols =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200C}\x{200D}\s]+)";

Result<SplitBehavior> split_behavior(const std::string& name, const std::string& where) {
  if (name == "Removed") return SplitBehavior::kRemoved;
  if (name == "Isolated") return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious") return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous") return SplitBehavior::kContiguous;
  return bad_tokenizer(where, "'" + name + "' is no way to split",
                       "one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

Step split_at(TokenPattern pattern, SplitBehavior behavior, bool invert = false) {
  return Step{.kind = Kind::kSplit, .pattern = std::move(pattern), .behavior = behavior, .invert = invert};
}

class Reader {
 public:
  Status read(const Json& value, const std::string& where) {
    TextFields fields(value, where);
    const std::string type = fields.required_text("type");
    KT_TRY(std::move(fields.status));
    if (steps_.size() >= kMaxSteps) return bad_tokenizer(where, "there are more than " + std::to_string(kMaxSteps) + " steps");
    KT_TRY(add(type, fields));
    return std::move(fields.status);
  }

  std::vector<Step> take() { return std::move(steps_); }

 private:
  Status add(const std::string& type, TextFields& fields) {
    if (type == "Sequence") return sequence(fields);
    if (type == "Split") return split(fields);
    if (type == "ByteLevel") return byte_level(fields);
    if (type == "Metaspace") return metaspace(fields);
    if (type == "Digits") {
      const bool individual = fields.flag("individual_digits", false);
      steps_.push_back(
          split_at(TokenPattern::chars(is_numeric), individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous));
    } else if (type == "Punctuation") {
      steps_.push_back(split_at(TokenPattern::chars(is_punctuation),
                                KT_TRY(split_behavior(fields.text("behavior", "Isolated"), fields.where("behavior")))));
    } else if (type == "WhitespaceSplit") {
      steps_.push_back(split_at(TokenPattern::chars(is_white_space), SplitBehavior::kRemoved));
    } else if (type == "Whitespace") {
      steps_.push_back(split_at(KT_TRY(TokenPattern::regex(kWordsOrSymbols, fields.where())), SplitBehavior::kRemoved, true));
    } else if (type == "BertPreTokenizer") {
      steps_.push_back(split_at(TokenPattern::chars(is_white_space), SplitBehavior::kRemoved));
      steps_.push_back(split_at(TokenPattern::chars(is_punctuation), SplitBehavior::kIsolated));
    } else if (type == "CharDelimiterSplit") {
      const std::string delimiter = fields.required_text("delimiter");
      if (delimiter.empty()) return bad_tokenizer(fields.where("delimiter"), "must be a character");
      steps_.push_back(split_at(TokenPattern::literal(delimiter), SplitBehavior::kRemoved));
    } else {
      return bad_tokenizer(fields.where("type"), "pre-tokenizer '" + type + "' is not supported",
                           "kt knows Split, ByteLevel, Metaspace, Digits, Punctuation, Whitespace, WhitespaceSplit, "
                           "BertPreTokenizer, CharDelimiterSplit, Sequence");
    }
    return {};
  }

  Status sequence(TextFields& fields) {
    const Json* list = fields.list("pretokenizers");
    KT_TRY(std::move(fields.status));
    if (!list) return bad_tokenizer(fields.where("pretokenizers"), "must be a list");
    for (size_t i = 0; i < list->size(); ++i)
      KT_TRY(read((*list)[i], fields.where("pretokenizers") + "[" + std::to_string(i) + "]"));
    return {};
  }

  Status split(TextFields& fields) {
    const Json* pattern = fields.object("pattern");
    const std::string behavior = fields.required_text("behavior");
    const bool invert = fields.flag("invert", false);
    KT_TRY(std::move(fields.status));
    if (!pattern) return bad_tokenizer(fields.where("pattern"), "must be an object");
    steps_.push_back(split_at(KT_TRY(TokenPattern::read(*pattern, fields.where("pattern"))),
                              KT_TRY(split_behavior(behavior, fields.where("behavior"))), invert));
    return {};
  }

  Status byte_level(TextFields& fields) {
    if (fields.flag("add_prefix_space", true)) steps_.push_back(Step{.kind = Kind::kPrefixSpace});
    if (fields.flag("use_regex", true))
      steps_.push_back(split_at(KT_TRY(TokenPattern::regex(kGpt2Pattern, fields.where())), SplitBehavior::kIsolated));
    steps_.push_back(Step{.kind = Kind::kByteLevel});
    return {};
  }

  Status metaspace(TextFields& fields) {
    Step step{.kind = Kind::kMetaspace, .replacement = fields.text("replacement", "▁")};
    step.prepend = KT_TRY(prepend_scheme(fields.text("prepend_scheme", "always"), fields.where("prepend_scheme")));
    if (!fields.flag("add_prefix_space", true)) step.prepend = PrependScheme::kNever;
    if (step.replacement.empty() || code_point_size(static_cast<unsigned char>(step.replacement[0])) != step.replacement.size())
      return bad_tokenizer(fields.where("replacement"), "must be one character");
    const std::string replacement = step.replacement;
    steps_.push_back(std::move(step));
    if (fields.flag("split", true))
      steps_.push_back(split_at(TokenPattern::literal(replacement), SplitBehavior::kMergedWithNext));
    return {};
  }

  std::vector<Step> steps_;
};

}  // namespace

Result<PrependScheme> prepend_scheme(std::string_view name, const std::string& where) {
  if (name == "never") return PrependScheme::kNever;
  if (name == "first") return PrependScheme::kFirst;
  if (name == "always") return PrependScheme::kAlways;
  return bad_tokenizer(where, "'" + std::string(name) + "' is not never, first or always");
}

Result<PreTokenizer> PreTokenizer::read(const Json& value) {
  Reader reader;
  KT_TRY(reader.read(value, "pre_tokenizer"));
  return PreTokenizer(reader.take());
}

}  // namespace kt::core
