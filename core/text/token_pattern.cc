#include "core/text/token_pattern.h"

#include <ctime>
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
constexpr size_t kProbeCharacters = 64;
constexpr std::clock_t kProbeTime = CLOCKS_PER_SEC / 5;  // of the processor; real patterns take a hundredth of it

RegexOptions regex_options(uint32_t match_limit) {
  RegexOptions options;
  options.multiline = true;
  options.match_limit = match_limit;
  options.max_pattern = 4 * kMaxPattern;
  options.error_code = kTokenizerError;
  return options;
}

// The beginning of the text, at most `limit` bytes.
std::string_view whole_characters(std::string_view text, size_t limit) {
  size_t end = std::min(text.size(), limit);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

// Characters of each common kind and those of the pattern; some of these if it has many.
std::vector<char32_t> probe_characters(std::string_view pattern) {
  std::set<char32_t> written;
  for (size_t at = 0; at < pattern.size();) written.insert(next_code_point(pattern, &at));
  std::vector<char32_t> out{'a', 'A', '0', ' ', '.', '\n', 0x4E00};
  const size_t step = 1 + written.size() / kProbeCharacters;
  size_t number = 0;
  for (const char32_t c : written)
    if (number++ % step == 0) out.push_back(c);
  return out;
}

// Whether the pattern backtracks more than once over a text: tried on runs of every character that the pattern writes, and of one
// of each common kind, with something else behind, or with all that the pattern might ask for.
bool explodes(std::string_view compiled, std::string_view pattern) {
  const auto regex = Regex::compile(compiled, regex_options(kProbeLimit));
  const std::clock_t start = std::clock();
  const std::string all = "\x01\n\r\t" + std::string(whole_characters(pattern, kProbe)) + "\n";
  for (const char32_t c : probe_characters(pattern)) {
    std::string run;
    for (int i = 0; i < kProbe; ++i) append_code_point(&run, c);
    for (const std::string& tail : {std::string(), std::string("!"), std::string("a"), all})
      if (regex.ok() && regex->search(run + tail, 0, nullptr) == RegexOutcome::kLimit) return true;
    if (std::clock() - start > kProbeTime) return true;
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
