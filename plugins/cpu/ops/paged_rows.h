// Key and value rows of sequences in their pages.
#pragma once

#include "kt/format/cache_rows.h"
#include "kt/plugin.hpp"
#include "plugins/cpu/kernels/attention_split.h"

namespace kt::cpu {

// The option of operators with a state; core makes the pages as it says.
inline constexpr Option kCacheOption = enum_option("cache", "auto", "auto|f32|f16|bf16|q8_0|q4_0",
                                                   "type of the rows that the state keeps; auto: as --cache-type says");

// One side of a paged state: rows are found by segment, position and head.
class PagedRows {
 public:
  PagedRows(const KtPagedState& state, const KtTensor& rows);

  // How attend_split() reads the rows: block types as the floats that expand() makes of them.
  PageType type() const { return type_; }
  bool in_blocks() const { return format::is_cache_block_type(dtype_); }
  int64_t dim() const { return dim_; }
  int64_t padded_dim() const { return format::cache_row_elements(dtype_, dim_); }
  int64_t heads() const { return heads_; }
  // Address of the row of a position in its page.
  char* row(int64_t segment, int64_t position, int64_t head) const;
  // Addresses of the rows [begin, end) to out[0..end - begin).
  void find(int64_t segment, int64_t begin, int64_t end, int64_t head, const void** out) const;
  // Writes x[0..count) at element `at` of a row, converted to the type of the pages; in blocks `at` is a multiple of 32.
  void store(char* row, int64_t at, const float* x, int64_t count) const;
  // The same for a whole row in two parts, wherever they meet.
  void store(char* row, const float* x, int64_t count, const float* y, int64_t count_y) const;
  // The row as padded_dim() floats; only of block types.
  void expand(const void* row, float* out) const;

 private:
  const int32_t* table_;
  int64_t table_stride_, page_size_;
  char* base_;
  int64_t page_bytes_, row_bytes_, head_bytes_;
  int64_t dim_, heads_;
  int64_t bytes_of(int64_t elements) const;

  int32_t dtype_;
  PageType type_ = PageType::kF32;
};

// Fails if the pages are of a type or shape that the node does not have, or if a position that a row of the batch sees has no
// page.
Status check_pages(const KtBatch& batch, const KtPagedState& state, int64_t kv_heads, int64_t key_dim, int64_t value_dim,
                   int64_t window);

}  // namespace kt::cpu
