// Typed reading of a node's attributes.
#pragma once

#include <optional>

#include "core/graph/graph.h"

namespace kt::core {

std::optional<int64_t> int_attribute(const Node& node, std::string_view key);
std::optional<double> float_attribute(const Node& node, std::string_view key);  // an integer is also a float
const std::string* string_attribute(const Node& node, std::string_view key);
const std::vector<float>* floats_attribute(const Node& node, std::string_view key);

}  // namespace kt::core
