// Texts from files: checking them and showing them in errors.
#pragma once

#include <string>
#include <string_view>

namespace kt::core {

// Well-formed UTF-8 without overlong forms, surrogates and numbers past U+10FFFF.
bool is_utf8(std::string_view text);

// Whether a name may be used as one: not empty, UTF-8, no control characters.
bool is_name(std::string_view text);

// The text in single quotes for an error: control characters and bytes that are not ASCII as \xNN, long texts cut.
std::string shown(std::string_view text);

}  // namespace kt::core
