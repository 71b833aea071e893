// Rows of a paged state, in any of its element types.
#pragma once

#include <cstring>

#include "kt/format/float16.h"
#include "kt/plugin.hpp"

namespace kt::ref {

// The rows [dim] of one tensor [pages, page_size, heads, dim] of float32, float16 or bfloat16.
class PagedRows {
 public:
  explicit PagedRows(const KtTensor& tensor) : tensor_(tensor) {
    if (tensor.dtype != KT_F32 && tensor.dtype != KT_F16 && tensor.dtype != KT_BF16)
      throw Failure("the state has type " + std::to_string(tensor.dtype) + "; float32, float16 and bfloat16 are known");
    if (tensor.rank != 4) throw Failure("the state has rank " + std::to_string(tensor.rank) + ", not 4");
  }

  int64_t pages() const { return tensor_.shape[0]; }
  int64_t heads() const { return tensor_.shape[2]; }
  int64_t dim() const { return tensor_.shape[3]; }

  void write(int64_t page, int64_t slot, int64_t head, const float* row) const {
    void* to = address(page, slot, head);
    if (tensor_.dtype == KT_F32) {
      std::memcpy(to, row, static_cast<size_t>(dim()) * sizeof(float));
      return;
    }
    auto* half = static_cast<uint16_t*>(to);
    for (int64_t i = 0; i < dim(); ++i)
      half[i] = tensor_.dtype == KT_F16 ? format::f16_from_f32(row[i]) : format::bf16_from_f32(row[i]);
  }

  // A float32 row is returned where it lies; the others are written to `buffer` [dim].
  const float* read(int64_t page, int64_t slot, int64_t head, float* buffer) const {
    const void* from = address(page, slot, head);
    if (tensor_.dtype == KT_F32) return static_cast<const float*>(from);
    const auto* half = static_cast<const uint16_t*>(from);
    for (int64_t i = 0; i < dim(); ++i)
      buffer[i] = tensor_.dtype == KT_F16 ? format::f32_from_f16(half[i]) : format::f32_from_bf16(half[i]);
    return buffer;
  }

 private:
  void* address(int64_t page, int64_t slot, int64_t head) const {
    const int64_t element = page * tensor_.stride[0] + slot * tensor_.stride[1] + head * tensor_.stride[2];
    return static_cast<char*>(tensor_.data) + tensor_.offset + element * (tensor_.dtype == KT_F32 ? 4 : 2);
  }

  const KtTensor& tensor_;
};

}  // namespace kt::ref
