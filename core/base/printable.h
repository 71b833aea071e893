// Text with parts of files made harmless for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace kt::core {

// `text` as UTF-8 without control characters (but newlines) and marks that change the direction of writing: each such character
// and each byte that is not UTF-8 as \xNN. Of more than `limit` bytes the middle is left out.
std::string printable(std::string_view text, size_t limit = 1200);

}  // namespace kt::core
