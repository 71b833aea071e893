// Patterns of tokenizer.json, written for Oniguruma's Ruby syntax, in the syntax of PCRE2.
#pragma once

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core {

// What differs: nested and intersected character classes ([a&&[^b]]), the sets \s \w \h, scripts without their extensions.
// ^ and $ match at line breaks in Ruby, so compile the result with RegexOptions::multiline.
Result<std::string> pcre2_from_oniguruma(std::string_view pattern);

}  // namespace kt::core
