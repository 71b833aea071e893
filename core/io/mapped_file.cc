#include "core/io/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/io/mapping_guard.h"
#include "core/io/open_file.h"
#include "core/tensor/checked.h"

namespace kt::core {
namespace {

constexpr size_t kHugePages = size_t{16} << 20;  // files from this size on

Error became_shorter(const std::string& path) {
  return fail(402, path + ": became shorter while it was read", "another program changed the file; load the model again");
}

}  // namespace

MappedFile::MappedFile(int descriptor, std::string path, std::span<const std::byte> bytes)
    : descriptor_(descriptor), path_(std::move(path)), bytes_(bytes) {
  if (!bytes_.empty()) remember_mapping(bytes_.data(), bytes_.size(), path_.c_str());
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    forget_mapping(bytes_.data());
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  ::close(descriptor_);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::string& path) {
  return map(KT_TRY(open_regular(path)), path);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open_in(const std::string& folder, const std::string& name) {
  return map(KT_TRY(open_beneath(folder, name)), folder + "/" + name);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::map(int descriptor, const std::string& path) {
  struct stat info {};
  const bool is_known = ::fstat(descriptor, &info) == 0;
  const size_t size = is_known ? static_cast<size_t>(info.st_size) : 0;
  void* address = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0) : nullptr;
  if (!is_known || address == MAP_FAILED) {
    const int number = errno;
    ::close(descriptor);
    if (number == ENOMEM)
      return fail(501, path + ": " + std::to_string(size) + " bytes do not fit into the address space of this process",
                  "raise the limit (ulimit -v)");
    return fail(417, path + ": cannot be mapped: " + std::strerror(number));
  }
  // Weights that are read from the disk from now on come in pages of 2 MiB where the file system has them; only a hint.
  if (size >= kHugePages) ::madvise(address, size, MADV_HUGEPAGE);
  return std::make_shared<const MappedFile>(descriptor, path, std::span(static_cast<const std::byte*>(address), size));
}

Status MappedFile::read(uint64_t offset, std::span<std::byte> out) const {
  if (!range_fits(offset, out.size(), size())) return became_shorter(path_);
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(417, path_ + ": cannot be read: " + std::strerror(errno));
    if (got == 0) return became_shorter(path_);
    out = out.subspan(static_cast<size_t>(got));
    offset += static_cast<uint64_t>(got);
  }
  return {};
}

Status MappedFile::check(uint64_t offset, uint64_t bytes) const {
  struct stat info {};
  if (!range_fits(offset, bytes, size()) || ::fstat(descriptor_, &info) != 0 ||
      !range_fits(offset, bytes, static_cast<uint64_t>(info.st_size)))
    return became_shorter(path_);
  return {};
}

void MappedFile::release(uint64_t offset, uint64_t bytes) const {
  if (!range_fits(offset, bytes, size())) return;
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t begin = (offset + page - 1) / page * page, end = (offset + bytes) / page * page;
  if (begin < end) ::madvise(const_cast<std::byte*>(bytes_.data()) + begin, end - begin, MADV_DONTNEED);  // only a hint
}

}  // namespace kt::core
