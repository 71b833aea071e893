#include "core/base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>

namespace kt::core {
namespace {

struct Release {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  void operator()(pcre2_compile_context* context) const { pcre2_compile_context_free(context); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
template <class T>
using Owned = std::unique_ptr<T, Release>;

PCRE2_SPTR units(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data() ? text.data() : ""); }

std::string message_of(int code) {
  char buffer[160] = {};
  pcre2_get_error_message(code, reinterpret_cast<PCRE2_UCHAR*>(buffer), sizeof buffer);
  return buffer;
}

// The pattern up to the offset, an arrow, and the rest, both shortened.
std::string marked(std::string_view pattern, size_t offset) {
  constexpr size_t kShown = 40;
  offset = std::min(offset, pattern.size());
  const size_t from = offset > kShown ? offset - kShown : 0;
  return std::string(pattern.substr(from, offset - from)) + " <-- here " + std::string(pattern.substr(offset, kShown));
}

uint32_t compile_flags(const RegexOptions& options) {
  uint32_t flags = PCRE2_NEVER_BACKSLASH_C;
  if (options.utf) flags |= PCRE2_UTF | PCRE2_UCP;
  if (options.multiline) flags |= PCRE2_MULTILINE;
  if (options.ignore_case) flags |= PCRE2_CASELESS;
  return flags;
}

RegexOutcome outcome_of(int rc) {
  if (rc >= 0) return RegexOutcome::kMatch;
  if (rc == PCRE2_ERROR_NOMATCH || rc == PCRE2_ERROR_PARTIAL) return RegexOutcome::kNoMatch;
  if ((rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21) || rc == PCRE2_ERROR_BADUTFOFFSET) return RegexOutcome::kBadText;
  return RegexOutcome::kLimit;
}

}  // namespace

struct Regex::Compiled {
  Owned<pcre2_code> code;
  Owned<pcre2_match_context> limits;
  bool utf = true;

  Owned<pcre2_match_data> new_data() const { return Owned<pcre2_match_data>(pcre2_match_data_create_from_pattern(code.get(), nullptr)); }
  int match(std::string_view text, size_t start, uint32_t flags, pcre2_match_data* data) const {
    return pcre2_match(code.get(), units(text), text.size(), start, flags, data, limits.get());
  }
  // First byte of the character after the one at `at`.
  size_t next(std::string_view text, size_t at) const {
    ++at;
    while (utf && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
    return at;
  }
};

Regex::Regex(std::string pattern, std::unique_ptr<Compiled> compiled) : pattern_(std::move(pattern)), compiled_(std::move(compiled)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

Result<Regex> Regex::compile(std::string_view pattern, const RegexOptions& options) {
  if (pattern.size() > options.max_pattern)
    return fail(options.error_code, "regular expression has " + std::to_string(pattern.size()) + " bytes, at most " +
                                        std::to_string(options.max_pattern) + " are allowed", "write a shorter pattern");
  const Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), options.nesting_limit);
  int reason = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->utf = options.utf;
  compiled->code.reset(pcre2_compile(units(pattern), pattern.size(), compile_flags(options), &reason, &offset, context.get()));
  if (!compiled->code)
    return fail(options.error_code, "bad regular expression at byte " + std::to_string(offset) + ": " + message_of(reason),
                marked(pattern, offset));
  compiled->limits.reset(pcre2_match_context_create(nullptr));
  pcre2_set_match_limit(compiled->limits.get(), options.match_limit);
  pcre2_set_depth_limit(compiled->limits.get(), options.depth_limit);
  pcre2_set_heap_limit(compiled->limits.get(), options.heap_limit_kib);
  return Regex(std::string(pattern), std::move(compiled));
}

RegexOutcome Regex::search(std::string_view text, size_t start, RegexMatch* out) const {
  if (start > text.size()) return RegexOutcome::kNoMatch;
  const auto data = compiled_->new_data();
  const RegexOutcome outcome = outcome_of(compiled_->match(text, start, 0, data.get()));
  if (outcome != RegexOutcome::kMatch || !out) return outcome;
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());
  out->begin = std::min(offsets[0], offsets[1]);  // \K in a look-ahead can set the start after the end
  out->end = offsets[1];
  out->groups.assign(group_count() + 1, {});
  out->groups[0] = {out->begin, out->end};
  for (size_t i = 1; i < out->groups.size(); ++i)
    if (offsets[2 * i] != PCRE2_UNSET) out->groups[i] = {offsets[2 * i], offsets[2 * i + 1]};
  return outcome;
}

RegexOutcome Regex::find_all(std::string_view text, std::vector<RegexSpan>* out) const {
  out->clear();
  const auto data = compiled_->new_data();
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());
  uint32_t checked = 0;
  for (size_t at = 0; at <= text.size();) {
    const RegexOutcome outcome = outcome_of(compiled_->match(text, at, checked, data.get()));
    if (outcome == RegexOutcome::kNoMatch) break;
    if (outcome != RegexOutcome::kMatch) return outcome;
    checked = PCRE2_NO_UTF_CHECK;
    const size_t begin = std::min(offsets[0], offsets[1]), end = offsets[1];
    if (begin < at) break;  // \K moved the start back: no progress is possible
    out->push_back({begin, end});
    at = end > begin ? end : compiled_->next(text, end);
  }
  return out->empty() ? RegexOutcome::kNoMatch : RegexOutcome::kMatch;
}

RegexSpan Regex::longest_partial(std::string_view text) const {
  RegexSpan best;
  const auto data = compiled_->new_data();
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(data.get());
  for (size_t end = 0; end <= text.size(); end = compiled_->next(text, end)) {
    const int rc = compiled_->match(text.substr(0, end), 0, PCRE2_PARTIAL_HARD, data.get());
    if (rc < 0 && rc != PCRE2_ERROR_PARTIAL) continue;
    const RegexSpan span{std::min(offsets[0], offsets[1]), offsets[1]};
    if (span.size() > best.size()) best = span;
  }
  return best;
}

size_t Regex::group_count() const {
  uint32_t count = 0;
  pcre2_pattern_info(compiled_->code.get(), PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

size_t Regex::group_index(const std::string& name) const {
  const int index = pcre2_substring_number_from_name(compiled_->code.get(), reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  return index > 0 ? static_cast<size_t>(index) : 0;
}

std::string_view describe(RegexOutcome outcome) {
  switch (outcome) {
    case RegexOutcome::kMatch: return "matched";
    case RegexOutcome::kNoMatch: return "did not match";
    case RegexOutcome::kLimit: return "gave up: the pattern backtracks too much on this text";
    case RegexOutcome::kBadText: return "the text is not valid UTF-8";
  }
  return "";
}

}  // namespace kt::core
