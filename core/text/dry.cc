#include "core/text/dry.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace kt::core {
namespace {

// matches[i]: how many tokens before and at position size - 1 - i agree with the last tokens; the Z function of the reversed
// text.
std::vector<size_t> suffix_matches(std::span<const int32_t> history) {
  const size_t n = history.size();
  const auto reversed = [&](size_t i) { return history[n - 1 - i]; };
  std::vector<size_t> matches(n, 0);
  size_t left = 0, right = 0;
  for (size_t i = 1; i < n; ++i) {
    if (i < right) matches[i] = std::min(right - i, matches[i - left]);
    while (i + matches[i] < n && reversed(matches[i]) == reversed(i + matches[i])) ++matches[i];
    if (i + matches[i] > right) left = i, right = i + matches[i];
  }
  return matches;
}

}  // namespace

void apply_dry(const DryOptions& options, std::span<const int32_t> history, std::span<float> logits) {
  const auto is_breaker = [&](int32_t id) { return std::binary_search(options.breakers.begin(), options.breakers.end(), id); };
  const auto last_breaker = std::find_if(history.rbegin(), history.rend(), is_breaker);
  const auto longest = static_cast<size_t>(last_breaker - history.rbegin());
  const std::vector<size_t> matches = suffix_matches(history);
  std::map<int32_t, size_t> repeats;  // of the token that would follow
  for (size_t i = 1; i < history.size(); ++i) {
    const size_t length = std::min(matches[i], longest);
    const int32_t next = history[history.size() - i];
    if (length >= static_cast<size_t>(options.allowed_length) && length > 0 && !is_breaker(next))
      repeats[next] = std::max(repeats[next], length);
  }
  for (const auto& [id, length] : repeats) {
    if (id < 0 || static_cast<size_t>(id) >= logits.size()) continue;
    const double penalty = options.multiplier * std::pow(options.base, static_cast<double>(length) - options.allowed_length);
    logits[static_cast<size_t>(id)] -= static_cast<float>(std::min(penalty, 1e30));
  }
}

}  // namespace kt::core
