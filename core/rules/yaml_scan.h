// A look at the bytes of a YAML text before it is parsed: finds what the parser reports late, elsewhere or not at all.
#pragma once

#include <string_view>

#include "core/base/status.h"
#include "core/rules/yaml_document.h"

namespace kt::core {

// Size, encoding and NUL bytes. The error's place has no file.
Status scan_yaml_bytes(std::string_view text, const YamlLimits& limits);

// Quotes, braces, indentation, nesting and document markers. The error's place has no file.
Status scan_yaml_structure(std::string_view text, const YamlLimits& limits);

}  // namespace kt::core
