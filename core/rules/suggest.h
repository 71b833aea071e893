// "Did you mean": the known word nearest to a misspelled one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kt::core {

// Levenshtein distance.
size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `known` within two edits or a third of the length; "" if none is that near. Ties: the first.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "did you mean 'WORD'?", or "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

// "a, b, c"
std::string join(const std::vector<std::string>& words, std::string_view separator = ", ");

}  // namespace kt::core
