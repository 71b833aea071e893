#include "core/plugin/elf_section.h"

#include <cstring>

#include "core/plugin/elf_file.h"

namespace kt::core {

Result<std::string> read_elf_section(const std::string& path, const std::string& name) {
  const ElfFile file = KT_TRY(ElfFile::open(path));
  const Elf64_Shdr* section = file.section(name);
  if (!section) return file.damaged("it has no section " + name);
  std::string content = KT_TRY(file.content(*section, 1 << 20));
  content.resize(std::strlen(content.c_str()));
  return content;
}

}  // namespace kt::core
