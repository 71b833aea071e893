// A regular file, mapped read-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/base/status.h"

namespace kt::core {

// Opening refuses everything but regular files (KT-E0402, KT-E0405) and reads nothing.
//
// Another process may cut the file while it is mapped; touching a page beyond the new end would then end this process. Readers of
// headers therefore use read(), loaders call check() on a tensor before they read it through bytes(), and the program says which
// file it was if it is cut later (see mapping_guard.h).
class MappedFile {
 public:
  // `path` comes from the user: links are followed.
  static Result<std::shared_ptr<const MappedFile>> open(const std::string& path);
  // `name` may come from a file: it must stay inside `folder`, links included (see open_beneath).
  static Result<std::shared_ptr<const MappedFile>> open_in(const std::string& folder, const std::string& name);

  // Takes over an open descriptor and its mapping.
  MappedFile(int descriptor, std::string path, std::span<const std::byte> bytes);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::string& path() const { return path_; }
  uint64_t size() const { return bytes_.size(); }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Copies out.size() bytes from `offset` by a read call; fails if the file has become shorter (KT-E0402).
  Status read(uint64_t offset, std::span<std::byte> out) const;
  // Fails if the file has become shorter than the range (KT-E0402). Reads nothing.
  Status check(uint64_t offset, uint64_t bytes) const;
  // Says that the range will not be needed soon, so that it no longer counts as memory of this process. It can still be read.
  void release(uint64_t offset, uint64_t bytes) const;

 private:
  static Result<std::shared_ptr<const MappedFile>> map(int descriptor, const std::string& path);

  int descriptor_;
  std::string path_;
  std::span<const std::byte> bytes_;
};

}  // namespace kt::core
