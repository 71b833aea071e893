// Work on strings that both methods and filters do.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/jinja/text.h"

namespace kt::core::jinja {

enum class Side { kLeft, kRight, kBoth };

// Takes white space, or the code points of `characters`, off the ends.
Text strip(const Text& text, Side side, const std::optional<Text>& characters = std::nullopt);
// Replaces up to `most` occurrences from the left (negative: all).
Text replace(const Text& text, std::string_view from, const Text& to, int64_t most);
// str.split(): without a separator at runs of white space; up to `most` times (negative: everywhere).
std::vector<Text> split(const Text& text, const std::optional<std::string_view>& separator, int64_t most);
std::vector<Text> split_from_right(const Text& text, const std::optional<std::string_view>& separator, int64_t most);
std::vector<Text> split_lines(const Text& text, bool keep_ends);
Text join(const Text& glue, const std::vector<Text>& texts);
// `left` and `right` copies of `fill` around the text.
Text pad(const Text& text, int64_t left, int64_t right, const Text& fill);
// str.center()'s share of `total` on the left.
int64_t left_of_center(int64_t total, int64_t width);

}  // namespace kt::core::jinja
