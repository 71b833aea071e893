// The linker's identity of the program that runs.
#pragma once

#include <string>

namespace kt::app {

// In hexadecimal; empty if the linker wrote none. Read from memory, no file is opened.
std::string build_id();

}  // namespace kt::app
