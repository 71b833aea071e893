// Regular expressions on UTF-8 text with bounded cost: matching work, memory and pattern size all have limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct RegexOptions {
  bool utf = true;               // patterns and texts are UTF-8, and \w \d \s and case folding follow Unicode
  bool multiline = false;        // ^ and $ match at line breaks
  bool ignore_case = false;
  uint32_t match_limit = 1000000;  // steps of one match attempt
  uint32_t depth_limit = 10000;    // nested backtracking points
  uint32_t heap_limit_kib = 65536;
  uint32_t nesting_limit = 100;  // nested groups in the pattern
  size_t max_pattern = 4096;     // bytes
  int error_code = 204;          // KT-Exxxx of a bad pattern
};

// A range of bytes; `begin` is kUnset for a group that took no part in a match.
struct RegexSpan {
  static constexpr size_t kUnset = static_cast<size_t>(-1);
  size_t begin = kUnset;
  size_t end = kUnset;

  bool set() const { return begin != kUnset; }
  size_t size() const { return set() ? end - begin : 0; }
  bool operator==(const RegexSpan&) const = default;
};

struct RegexMatch {
  size_t begin = 0;
  size_t end = 0;
  std::vector<RegexSpan> groups;  // groups[0] is the whole match
};

enum class RegexOutcome {
  kMatch,
  kNoMatch,
  kLimit,    // a limit of RegexOptions stopped the search: neither a match nor its absence is known
  kBadText,  // the text is not UTF-8
};

// A compiled pattern in the syntax of PCRE2. Immutable: const methods may run in several threads at once.
class Regex {
 public:
  // Error: RegexOptions::error_code, with the reason and its byte offset in the message and the pattern marked in the hint.
  static Result<Regex> compile(std::string_view pattern, const RegexOptions& options = {});

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Leftmost match that starts at or after `start`; look-behind sees the text before `start`. `out` may be null.
  RegexOutcome search(std::string_view text, size_t start, RegexMatch* out) const;
  // True when the pattern is found somewhere; a limit counts as "not found".
  bool found_in(std::string_view text) const { return search(text, 0, nullptr) == RegexOutcome::kMatch; }
  // All matches from left to right, without overlaps, empty ones included. kMatch when there is at least one; with
  // kLimit and kBadText `out` holds the matches before the problem.
  RegexOutcome find_all(std::string_view text, std::vector<RegexSpan>* out) const;
  // Where the longest partial match lies: the part of `text` that the pattern accepted before it failed, for messages on
  // near misses. Unset when not even one character was accepted. Cost: one search per character.
  RegexSpan longest_partial(std::string_view text) const;

  const std::string& pattern() const { return pattern_; }
  size_t group_count() const;  // without group 0
  // Number of a named group, or 0.
  size_t group_index(const std::string& name) const;

 private:
  struct Compiled;
  explicit Regex(std::string pattern, std::unique_ptr<Compiled> compiled);

  std::string pattern_;
  std::unique_ptr<Compiled> compiled_;
};

// The text for a search that ended in kLimit or kBadText.
std::string_view describe(RegexOutcome outcome);

}  // namespace kt::core
