#include "apps/kt/build_id.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace kt::app {
namespace {

std::span<const ElfW(Phdr)> program_headers() {
  return {reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR)), getauxval(AT_PHNUM)};
}

// Where the program was loaded, against the addresses in its headers.
uintptr_t load_offset(std::span<const ElfW(Phdr)> headers) {
  for (const ElfW(Phdr) & header : headers)
    if (header.p_type == PT_PHDR) return reinterpret_cast<uintptr_t>(headers.data()) - header.p_vaddr;
  return 0;
}

size_t padded(size_t size) { return (size + 3) & ~size_t{3}; }

// The content of the note of that type which "GNU" wrote, among the notes of a segment.
std::span<const unsigned char> find_note(std::span<const unsigned char> notes, ElfW(Word) type) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes = notes.subspan(sizeof note);
    if (padded(note.n_namesz) + note.n_descsz > notes.size()) break;
    const bool is_gnu = note.n_namesz == 4 && std::memcmp(notes.data(), "GNU", 4) == 0;
    const auto content = notes.subspan(padded(note.n_namesz), note.n_descsz);
    if (is_gnu && note.n_type == type) return content;
    notes = notes.subspan(std::min(notes.size(), padded(note.n_namesz) + padded(note.n_descsz)));
  }
  return {};
}

}  // namespace

std::string build_id() {
  constexpr char kDigits[] = "0123456789abcdef";
  const auto headers = program_headers();
  std::string out;
  for (const ElfW(Phdr) & header : headers) {
    if (header.p_type != PT_NOTE || !out.empty()) continue;
    const auto* begin = reinterpret_cast<const unsigned char*>(load_offset(headers) + header.p_vaddr);
    for (const unsigned char byte : find_note({begin, header.p_memsz}, NT_GNU_BUILD_ID))
      out += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace kt::app
