#include "core/plugin/elf_section.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <vector>

namespace kt::core {
namespace {

constexpr uint64_t kMaxSection = 1 << 20;
#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

class File {
 public:
  explicit File(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() { if (fd_ >= 0) close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_regular(uint64_t* size) const {
    struct stat info;
    if (fd_ < 0 || fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    *size = static_cast<uint64_t>(info.st_size);
    return true;
  }
  bool read(void* to, uint64_t size, uint64_t offset) const {
    return pread(fd_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
  }

 private:
  int fd_;
};

Error not_a_plugin(const std::string& path, const std::string& why) {
  return fail(601, "not a plugin: " + path + ": " + why, "remove it from the plugin folder, or fetch it again");
}

bool in_file(uint64_t offset, uint64_t size, uint64_t file_size) { return offset <= file_size && size <= file_size - offset; }

}  // namespace

Result<std::string> read_elf_section(const std::string& path, const std::string& name) {
  const File file(path);
  uint64_t file_size = 0;
  if (!file.is_regular(&file_size)) return not_a_plugin(path, "it is no readable regular file");
  Elf64_Ehdr header;
  if (!file.read(&header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return not_a_plugin(path, "it is no ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN) return not_a_plugin(path, "it is no 64-bit shared library");
  if (header.e_machine != kMachine) return not_a_plugin(path, "it is built for another processor architecture");
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
      !in_file(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), file_size))
    return not_a_plugin(path, "its section table is damaged or the file is cut");
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (!file.read(sections.data(), sections.size() * sizeof(Elf64_Shdr), header.e_shoff)) return not_a_plugin(path, "it is cut");
  const Elf64_Shdr& names = sections[header.e_shstrndx];
  if (names.sh_size > kMaxSection || !in_file(names.sh_offset, names.sh_size, file_size)) return not_a_plugin(path, "its section names are damaged");
  std::string text(names.sh_size, '\0');
  if (!file.read(text.data(), text.size(), names.sh_offset)) return not_a_plugin(path, "it is cut");
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_name >= text.size() || std::strcmp(text.c_str() + section.sh_name, name.c_str()) != 0) continue;
    if (section.sh_size > kMaxSection || !in_file(section.sh_offset, section.sh_size, file_size))
      return not_a_plugin(path, "its section " + name + " is damaged");
    std::string content(section.sh_size, '\0');
    if (!file.read(content.data(), content.size(), section.sh_offset)) return not_a_plugin(path, "it is cut");
    content.resize(std::strlen(content.c_str()));
    return content;
  }
  return not_a_plugin(path, "it has no section " + name);
}

}  // namespace kt::core
