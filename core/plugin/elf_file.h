// A 64-bit ELF shared library for this machine, read without loading it; no size in it is believed unchecked.
#pragma once

#include <elf.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

class ElfFile {
 public:
  // KT-E0601 "not a plugin: ..." for anything that is not such a file.
  static Result<ElfFile> open(const std::string& path);
  ~ElfFile();
  ElfFile(ElfFile&& other) noexcept;
  ElfFile& operator=(ElfFile&&) = delete;

  // The section of a name; the first of a type. Null if there is none.
  const Elf64_Shdr* section(std::string_view name) const;
  const Elf64_Shdr* section_of_type(uint32_t type) const;
  // The section that another one links to, such as the names of a symbol table.
  Result<const Elf64_Shdr*> linked(const Elf64_Shdr& section) const;
  Result<std::string> content(const Elf64_Shdr& section, uint64_t limit) const;
  Error damaged(const std::string& why) const;

 private:
  ElfFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  Status read_sections();
  bool read(void* to, uint64_t size, uint64_t offset) const;

  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
  std::vector<Elf64_Shdr> sections_;
  std::string names_;
};

}  // namespace kt::core
