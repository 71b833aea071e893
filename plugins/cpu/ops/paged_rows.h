// Key and value rows of sequences in their pages.
#pragma once

#include "kt/plugin.hpp"
#include "plugins/cpu/kernels/attention_split.h"

namespace kt::cpu {

// One side of a paged state: rows are found by segment, position and head.
class PagedRows {
 public:
  PagedRows(const KtPagedState& state, const KtTensor& rows);

  PageType type() const { return type_; }
  int64_t dim() const { return dim_; }
  int64_t heads() const { return heads_; }
  // Address of the row of a position in its page.
  char* row(int64_t segment, int64_t position, int64_t head) const;
  // Addresses of the rows [begin, end) to out[0..end - begin).
  void find(int64_t segment, int64_t begin, int64_t end, int64_t head, const void** out) const;
  // Writes x[0..count) at element `at` of a row, converted to the type of the pages.
  void store(char* row, int64_t at, const float* x, int64_t count) const;

 private:
  const int32_t* table_;
  int64_t table_stride_, page_size_;
  char* base_;
  int64_t page_bytes_, row_bytes_, head_bytes_;
  int64_t dim_, heads_;
  PageType type_ = PageType::kF32;
  int64_t element_bytes_ = 4;
};

// Fails if the pages are of a type or shape that the node does not have, or if a position that a row of the batch sees has no
// page.
Status check_pages(const KtBatch& batch, const KtPagedState& state, int64_t kv_heads, int64_t key_dim, int64_t value_dim,
                   int64_t window);

}  // namespace kt::cpu
