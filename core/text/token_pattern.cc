#include "core/text/token_pattern.h"

#include <set>

#include "core/text/oniguruma.h"
#include "core/text/text_fields.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

constexpr size_t kMaxPattern = 16384;

// Steps from one place of the text on; the tokens of very long runs need one for every character.
constexpr uint32_t kMatchLimit = 10'000'000;
constexpr int kProbe = 256;
// Between the few steps for each character of a probe that real patterns take, and half their square.
constexpr uint32_t kProbeLimit = 64 * kProbe;

RegexOptions regex_options(uint32_t match_limit) {
  RegexOptions options;
  options.multiline = true;
  options.match_limit = match_limit;
  options.max_pattern = 4 * kMaxPattern;
  options.error_code = kTokenizerError;
  return options;
}

// Whether the pattern backtracks more than once over a text: tried on runs of every character that the pattern writes, and of one
// of each common kind, with something else behind, or with all that the pattern might ask for.
bool explodes(std::string_view compiled, std::string_view pattern) {
  const auto regex = Regex::compile(compiled, regex_options(kProbeLimit));
  std::set<char32_t> characters{'a', 'A', '0', ' ', '.', '\n', 0x4E00};
  for (size_t at = 0; at < pattern.size();) characters.insert(next_code_point(pattern, &at));
  for (const char32_t c : characters) {
    std::string run;
    for (int i = 0; i < kProbe; ++i) append_code_point(&run, c);
    for (const std::string& tail :
         {std::string(), std::string("!"), std::string("a"), "\x01\n\r\t" + std::string(pattern) + "\n"})
      if (regex.ok() && regex->search(run + tail, 0, nullptr) == RegexOutcome::kLimit) return true;
  }
  return false;
}

}  // namespace

TokenPattern TokenPattern::literal(std::string text) {
  TokenPattern out;
  out.literal_ = std::move(text);
  return out;
}

TokenPattern TokenPattern::chars(CharTest test) {
  TokenPattern out;
  out.test_ = test;
  return out;
}

Result<TokenPattern> TokenPattern::regex(std::string_view pattern, const std::string& where) {
  if (pattern.size() > kMaxPattern)
    return bad_tokenizer(where, "the regular expression has " + std::to_string(pattern.size()) + " bytes, at most " +
                                    std::to_string(kMaxPattern) + " are allowed");
  auto translated = pcre2_from_oniguruma(pattern);
  if (!translated.ok()) return std::move(translated).status().with_context(where);
  auto compiled = Regex::compile(*translated, regex_options(kMatchLimit));
  if (!compiled.ok()) return bad_tokenizer(where, compiled.error().message, compiled.error().hint);
  if (explodes(*translated, pattern)) return bad_tokenizer(where, "the regular expression backtracks too much on some texts");
  TokenPattern out;
  out.regex_ = std::make_shared<const Regex>(std::move(*compiled));
  return out;
}

Result<TokenPattern> TokenPattern::read(const Json& value, const std::string& where) {
  TextFields fields(value, where);
  const bool is_literal = fields.find("String") != nullptr;
  const std::string text = fields.required_text(is_literal ? "String" : "Regex");
  KT_TRY(std::move(fields.status));
  if (text.empty()) return bad_tokenizer(where, "the pattern is empty and would match everywhere");
  return is_literal ? literal(text) : TokenPattern::regex(text, where);
}

void TokenPattern::find(std::string_view text, std::vector<ByteRange>* out) const {
  out->clear();
  if (test_) {
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      if (test_(next_code_point(text, &at))) out->push_back({begin, at});
    }
  } else if (regex_) {
    std::vector<RegexSpan> spans;
    regex_->find_all(text, &spans);
    for (const RegexSpan& span : spans)
      if (span.size() > 0) out->push_back({span.begin, span.end});
  } else {
    for (size_t at = text.find(literal_); at != std::string_view::npos; at = text.find(literal_, at + literal_.size()))
      out->push_back({at, at + literal_.size()});
  }
}

}  // namespace kt::core
