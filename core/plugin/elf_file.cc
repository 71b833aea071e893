#include "core/plugin/elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace kt::core {
namespace {

constexpr uint64_t kMaxNames = 1 << 20;
#if defined(__x86_64__)
constexpr uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kMachine = EM_AARCH64;
#else
constexpr uint16_t kMachine = EM_NONE;
#endif

bool in_file(uint64_t offset, uint64_t size, uint64_t file_size) { return offset <= file_size && size <= file_size - offset; }

}  // namespace

Result<ElfFile> ElfFile::open(const std::string& path) {
  ElfFile out(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info;
  if (out.fd_ < 0 || fstat(out.fd_, &info) != 0 || !S_ISREG(info.st_mode)) return out.damaged("it is no readable regular file");
  out.size_ = static_cast<uint64_t>(info.st_size);
  KT_TRY(out.read_sections());
  return out;
}

ElfFile::~ElfFile() {
  if (fd_ >= 0) close(fd_);
}

ElfFile::ElfFile(ElfFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      size_(other.size_),
      sections_(std::move(other.sections_)),
      names_(std::move(other.names_)) {}

Status ElfFile::read_sections() {
  Elf64_Ehdr header;
  if (!read(&header, sizeof header, 0) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return damaged("it is no ELF file");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN) return damaged("it is no 64-bit shared library");
  if (header.e_machine != kMachine) return damaged("it is built for another processor architecture");
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shstrndx >= header.e_shnum ||
      !in_file(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), size_))
    return damaged("its section table is damaged or the file is cut");
  sections_.resize(header.e_shnum);
  if (!read(sections_.data(), sections_.size() * sizeof(Elf64_Shdr), header.e_shoff)) return damaged("it is cut");
  names_ = KT_TRY(content(sections_[header.e_shstrndx], kMaxNames));
  return {};
}

const Elf64_Shdr* ElfFile::section(std::string_view name) const {
  for (const Elf64_Shdr& section : sections_)
    if (section.sh_name < names_.size() && names_.c_str() + section.sh_name == name) return &section;
  return nullptr;
}

const Elf64_Shdr* ElfFile::section_of_type(uint32_t type) const {
  for (const Elf64_Shdr& section : sections_)
    if (section.sh_type == type) return &section;
  return nullptr;
}

Result<const Elf64_Shdr*> ElfFile::linked(const Elf64_Shdr& section) const {
  if (section.sh_link >= sections_.size()) return damaged("a section links to none");
  return &sections_[section.sh_link];
}

Result<std::string> ElfFile::content(const Elf64_Shdr& section, uint64_t limit) const {
  if (section.sh_size > limit || !in_file(section.sh_offset, section.sh_size, size_))
    return damaged("one of its sections is damaged");
  std::string out(section.sh_size, '\0');
  if (!read(out.data(), out.size(), section.sh_offset)) return damaged("it is cut");
  return out;
}

Error ElfFile::damaged(const std::string& why) const {
  return fail(601, "not a plugin: " + path_ + ": " + why, "remove it from the plugin folder, or fetch it again");
}

bool ElfFile::read(void* to, uint64_t size, uint64_t offset) const {
  return pread(fd_, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

}  // namespace kt::core
