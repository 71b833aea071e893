// JSON documents from untrusted bytes: size, depth and duplicate keys are checked while parsing.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core {

using Json = nlohmann::ordered_json;  // keeps the order of keys, as chat templates need

struct JsonLimits {
  int depth = 64;
  bool unique_keys = true;  // duplicate keys are an error
};

// Parses one JSON document. `file` names it in errors (KT-E0401 with line and column; UTF-8 is required, no NaN, no comments).
Result<Json> parse_json(std::string_view text, const std::string& file, const JsonLimits& limits = {});

}  // namespace kt::core
