// The name that a user probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kt::core {

// The candidate that differs least from `name`, if it differs in at most two characters or a third of them; else empty.
std::string near_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace kt::core
