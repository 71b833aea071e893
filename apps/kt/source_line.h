// A line of a text file with a place in it marked by carets.
#pragma once

#include <string>

#include "core/base/status.h"

namespace kt::app {

// How a place is marked: the value that begins there is underlined, from `stop` characters into it with carets, before with '~'.
struct Mark {
  size_t stop = 0;
};

// Two lines, "   14 │ text" and "      │ ^^^^", at most 100 columns wide, of printable characters; "" if the file has no such
// line.
std::string source_line(const core::Place& place, const Mark& mark, bool utf8);

}  // namespace kt::app
