// Values as text: str() and repr() of Python.
#pragma once

#include <string>

#include "core/jinja/value.h"

namespace kt::core::jinja {

// Shortest digits that read back as the same number: "1.0", "1e-07", "inf".
std::string float_text(double number);

// str(value); "" for Undefined. Strings keep their marks (and markup); a container is the user's as a whole if any string in it
// is.
Text to_text(const Value& value);
// repr(value).
Text to_repr(const Value& value);
// `name` in quotes as repr() has them.
std::string in_quotes(std::string_view name);

}  // namespace kt::core::jinja
