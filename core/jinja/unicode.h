// Python's view of characters: white space and cases.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/jinja/text.h"

namespace kt::core::jinja {

bool is_space(char32_t code_point);  // str.isspace()
// First byte at or after `at` that is not white space.
size_t skip_space(std::string_view text, size_t at);
// End of the text before `end` once trailing white space (not before `begin`) is taken off.
size_t trim_end(std::string_view text, size_t begin, size_t end);

Text to_upper(const Text& text);
Text to_lower(const Text& text);
Text to_title(const Text& text);    // str.title()
Text to_capital(const Text& text);  // str.capitalize()
Text swap_case(const Text& text);
Text fold_case(const Text& text);

bool is_upper_text(const Text& text);  // str.isupper()
bool is_lower_text(const Text& text);
bool is_cased(char32_t code_point);
bool is_upper(char32_t code_point);  // Lu, or upper case otherwise
bool is_lower(char32_t code_point);
bool is_alpha(char32_t code_point);    // L*
bool is_decimal(char32_t code_point);  // Nd
bool is_digit(char32_t code_point);    // Nd and superscripts
bool is_alnum(char32_t code_point);

}  // namespace kt::core::jinja
