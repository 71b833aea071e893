// Owned host memory, aligned for vector loads and page-backed so that untouched parts cost nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/status.h"

namespace kt::core {

class Buffer {
 public:
  Buffer() = default;
  // Zeroed memory; KT-E0502 if the system refuses. `interleave`: pages are spread over the memory nodes.
  static Result<Buffer> allocate(uint64_t size, bool interleave = false);
  ~Buffer();
  Buffer(Buffer&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  uint64_t size_ = 0;
};

}  // namespace kt::core
