// Where plugins and model libraries may come from, and which files there are safe to open.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct LibraryFile {
  std::string path;  // absolute, symlinks resolved
  Status status;     // why it must not be opened; ok otherwise
};

// Files lib*.so of the folders, sorted, first folder first; a folder that does not exist gives nothing.
// Refused (KT-E0606): relative folders, folders or files that others may write to or that belong to another user.
std::vector<LibraryFile> find_libraries(const std::vector<std::string>& folders);
// One file, whatever its name, by the same rules.
LibraryFile library_file(const std::string& path);

}  // namespace kt::core
