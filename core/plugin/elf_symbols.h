// What a shared library takes from others and what it shows them, read without loading it.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct ElfSymbols {
  std::vector<std::string> needed;     // names of the libraries it names as needed
  std::vector<std::string> undefined;  // symbols that others must provide; weak ones left out
  std::vector<std::string> exported;
  std::vector<std::string> unique;  // of the exported ones those that keep a library from being unloaded
};

// KT-E0601 if the file is no shared library for this machine or is damaged.
Result<ElfSymbols> read_elf_symbols(const std::string& path);

// Of a library that is loaded: the undefined symbols that none of the libraries it names as needed provides.
std::vector<std::string> unprovided_symbols(const ElfSymbols& symbols);

// Whether a name belongs to the C++ standard library, as mangled by the Itanium ABI.
bool is_standard_library_symbol(const std::string& name);

}  // namespace kt::core
