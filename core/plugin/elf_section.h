// Reads one section of an ELF shared library without loading it.
#pragma once

#include <string>

#include "core/base/status.h"

namespace kt::core {

// Content of section `name` of the 64-bit ELF shared object for this machine at `path`; at most 1 MiB.
// KT-E0601 "not a plugin: ..." for anything that is not such a file or has no such section.
Result<std::string> read_elf_section(const std::string& path, const std::string& name);

}  // namespace kt::core
