// Columns of text, and breaking it into lines.
#pragma once

#include <string>
#include <string_view>

namespace kt::app {

// Appends `text` in lines that end before column `width`; lines but the first begin with `indent` spaces. `out` must stand at
// column `indent`. Ends with a newline.
void append_wrapped(std::string& out, std::string_view text, size_t indent, size_t width);

// Columns that UTF-8 text without wide characters takes.
size_t columns(std::string_view text);

}  // namespace kt::app
