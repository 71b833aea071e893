// Reading the header of a file from front to back, never past its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/io/mapped_file.h"

namespace kt::core {

// Little-endian numbers and byte strings. Errors have the code given and name the file and the byte.
class ByteReader {
 public:
  ByteReader(const MappedFile& file, int error_code) : file_(file), error_code_(error_code) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return file_.size() - position_; }

  template <class T>
  Result<T> number(const char* what) {
    std::byte bytes[sizeof(T)];
    KT_TRY(bytes_into(bytes, what));
    T value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }
  Status bytes_into(std::span<std::byte> out, const char* what);
  // A u64 length and that many bytes, at most `limit`.
  Result<std::string> string(const char* what, uint64_t limit);

  // "FILE: REASON at byte N" with N where the last value began.
  Error error(const std::string& reason) const;

 private:
  Status need(uint64_t bytes, const char* what);

  const MappedFile& file_;
  int error_code_;
  uint64_t position_ = 0;
  uint64_t value_begin_ = 0;
  std::vector<std::byte> window_;  // bytes of the file from window_begin_
  uint64_t window_begin_ = 0;
};

}  // namespace kt::core
