// Rows of a paged state, in any of its element types.
#pragma once

#include <cstring>

#include "kt/format/cache_rows.h"
#include "kt/format/dequantize.h"
#include "kt/plugin.hpp"

namespace kt::ref {

// The rows [dim] of one tensor [pages, page_size, heads, dim] of a type that a cache may have.
class PagedRows {
 public:
  explicit PagedRows(const KtTensor& tensor) : tensor_(tensor) {
    if (!format::is_cache_type(tensor.dtype))
      throw Failure("the state has type " + std::to_string(tensor.dtype) + "; f32, f16, bf16, q8_0 and q4_0 are known");
    if (tensor.rank != 4) throw Failure("the state has rank " + std::to_string(tensor.rank) + ", not 4");
  }

  int64_t pages() const { return tensor_.shape[0]; }
  int64_t heads() const { return tensor_.shape[2]; }
  int64_t dim() const { return tensor_.shape[3]; }

  void write(int64_t page, int64_t slot, int64_t head, const float* row) const {
    format::round_row(tensor_.dtype, row, address(page, slot, head), dim());
  }

  // A float32 row is returned where it lies; the others are written to `buffer` [dim, and what fills the last block].
  const float* read(int64_t page, int64_t slot, int64_t head, float* buffer) const {
    const void* from = address(page, slot, head);
    if (tensor_.dtype == KT_F32) return static_cast<const float*>(from);
    format::dequantizer(tensor_.dtype)(from, buffer, format::cache_row_elements(tensor_.dtype, dim()));
    return buffer;
  }

 private:
  void* address(int64_t page, int64_t slot, int64_t head) const {
    const int64_t element = page * tensor_.stride[0] + slot * tensor_.stride[1] + head * tensor_.stride[2];
    return static_cast<char*>(tensor_.data) + tensor_.offset + *format::row_bytes(tensor_.dtype, element);
  }

  const KtTensor& tensor_;
};

}  // namespace kt::ref
