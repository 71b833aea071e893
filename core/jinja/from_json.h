// JSON documents as values of a template.
#pragma once

#include "core/base/json.h"
#include "core/jinja/value.h"

namespace kt::core::jinja {

// Every string (keys too) is the user's if `is_input`. KT-E0413 for integers beyond 64 bits, KT-E0414 for too much.
Result<Value> from_json(const Json& json, bool is_input);

}  // namespace kt::core::jinja
