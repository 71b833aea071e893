#include "core/plugin/elf_symbols.h"

#include <dlfcn.h>

#include <cstring>

#include "core/plugin/elf_file.h"

namespace kt::core {
namespace {

constexpr uint64_t kMaxTable = 64 << 20;

// A section's content as records of one size, and the names it refers to.
template <class Record>
struct Table {
  std::vector<Record> records;
  std::string names;

  std::string name(uint64_t at) const { return at < names.size() ? names.c_str() + at : ""; }
};

template <class Record>
Result<Table<Record>> read_table(const ElfFile& file, uint32_t type) {
  Table<Record> out;
  const Elf64_Shdr* section = file.section_of_type(type);
  if (!section) return out;
  const std::string bytes = KT_TRY(file.content(*section, kMaxTable));
  out.records.resize(bytes.size() / sizeof(Record));
  std::memcpy(out.records.data(), bytes.data(), out.records.size() * sizeof(Record));
  out.names = KT_TRY(file.content(*KT_TRY(file.linked(*section)), kMaxTable));
  return out;
}

void sort_symbol(const Elf64_Sym& symbol, const std::string& name, ElfSymbols& out) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info), visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  if (name.empty() || binding == STB_LOCAL) return;
  if (symbol.st_shndx == SHN_UNDEF) {
    if (binding != STB_WEAK) out.undefined.push_back(name);
    return;
  }
  if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) return;
  out.exported.push_back(name);
  if (binding == STB_GNU_UNIQUE) out.unique.push_back(name);
}

}  // namespace

Result<ElfSymbols> read_elf_symbols(const std::string& path) {
  const ElfFile file = KT_TRY(ElfFile::open(path));
  const auto symbols = KT_TRY(read_table<Elf64_Sym>(file, SHT_DYNSYM));
  const auto dynamic = KT_TRY(read_table<Elf64_Dyn>(file, SHT_DYNAMIC));
  ElfSymbols out;
  for (const Elf64_Sym& symbol : symbols.records) sort_symbol(symbol, symbols.name(symbol.st_name), out);
  for (const Elf64_Dyn& entry : dynamic.records)
    if (entry.d_tag == DT_NEEDED) out.needed.push_back(dynamic.name(entry.d_un.d_val));
  return out;
}

std::vector<std::string> unprovided_symbols(const ElfSymbols& symbols) {
  std::vector<void*> libraries;
  for (const std::string& name : symbols.needed)
    if (void* library = dlopen(name.c_str(), RTLD_LAZY | RTLD_NOLOAD)) libraries.push_back(library);
  const auto provided = [&](const std::string& name) {
    // The runtimes of sanitizers stand in the program, not in its libraries.
    for (const char* prefix : {"__asan_", "__ubsan_", "__tsan_", "__sanitizer_"})
      if (name.starts_with(prefix)) return true;
    for (void* library : libraries)
      if (dlsym(library, name.c_str())) return true;
    return false;
  };
  std::vector<std::string> out;
  for (const std::string& name : symbols.undefined)
    if (!provided(name)) out.push_back(name);
  for (void* library : libraries) dlclose(library);
  return out;
}

bool is_standard_library_symbol(const std::string& name) {
  for (const char* prefix :
       {"_ZNSt",  "_ZNKSt", "_ZNRSt", "_ZNKRSt", "_ZNOSt", "_Znw",    "_Zna",   "_Zdl",   "_Zda",          "_ZSt",
        "_ZTVSt", "_ZTISt", "_ZTSSt", "_ZNSa",   "_ZNSs",  "_ZGVNSt", "_ZZNSt", "_ZNVSt", "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx"})
    if (name.starts_with(prefix)) return true;
  return false;
}

}  // namespace kt::core
