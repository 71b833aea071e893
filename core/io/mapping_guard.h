// Which file a mapped address belongs to, for a signal handler: a file that is cut while it is mapped ends the program, with its
// name.
#pragma once

#include <cstddef>
#include <string>

namespace kt::core {

// Called by MappedFile. `path` must live until forget_mapping().
void remember_mapping(const void* begin, size_t size, const char* path);
void forget_mapping(const void* begin);

// The path of the mapping that holds `address`, or nullptr. May be called in a signal handler.
const char* mapped_path(const void* address);

}  // namespace kt::core
