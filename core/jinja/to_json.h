// Values as JSON text, as Python's json.dumps() writes it.
#pragma once

#include <optional>
#include <string>

#include "core/jinja/value.h"

namespace kt::core::jinja {

struct JsonStyle {
  bool ensure_ascii = false, sort_keys = false;
  std::optional<std::string> indent;  // of one level; without: all on one line
  std::string item_separator = ", ", key_separator = ": ";
};

// Fails for what JSON does not have (Undefined, macros). The text is the user's as a whole if any string in it is.
Result<Text> to_json(const Value& value, const JsonStyle& style);

}  // namespace kt::core::jinja
