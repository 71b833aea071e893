// The names that every template knows: range, namespace, raise_exception and their like.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/jinja/value.h"

namespace kt::core::jinja {

std::vector<std::pair<std::string, Value>> global_values();

}  // namespace kt::core::jinja
