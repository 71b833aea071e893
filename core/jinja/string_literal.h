// What stands between the quotes of a string in a template.
#pragma once

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core::jinja {

// Resolves the escapes of Python ("\n", "\x41", "\u4f60"); unknown ones stay as they are. KT-E0412 for cut or impossible ones.
Result<std::string> decode_string(std::string_view body);

}  // namespace kt::core::jinja
