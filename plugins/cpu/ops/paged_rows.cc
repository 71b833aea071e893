#include "plugins/cpu/ops/paged_rows.h"

#include <algorithm>

#include "kt/format/dtype.h"
#include "plugins/cpu/kernels/cache_rows.h"
#include "plugins/cpu/kernels/convert.h"

namespace kt::cpu {
namespace {

// Rows of block types begin at whole blocks and do not meet.
bool whole_blocks(const KtTensor& rows) {
  if (!format::is_cache_block_type(rows.dtype)) return true;
  return std::all_of(rows.stride, rows.stride + 3, [](int64_t stride) { return stride % format::kCacheBlock == 0; }) &&
         rows.stride[2] >= format::cache_row_elements(rows.dtype, rows.shape[3]);
}

Status check_tensor(const KtTensor& rows, const char* side, int64_t heads, int64_t dim) {
  if (!format::is_cache_type(rows.dtype))
    return unsupported(std::string("pages of ") + side + " have element type " + std::to_string(rows.dtype) +
                       "; f32, f16, bf16, q8_0 and q4_0 are supported");
  if (rows.rank == 4 && rows.shape[2] == heads && rows.shape[3] == dim && rows.stride[3] == 1 && whole_blocks(rows)) return {};
  return invalid(std::string("pages of ") + side + " do not hold " + std::to_string(heads) + " heads of " + std::to_string(dim) +
                 " elements");
}

}  // namespace

PagedRows::PagedRows(const KtPagedState& state, const KtTensor& rows)
    : table_(state.block_table),
      table_stride_(state.table_stride),
      page_size_(state.page_size),
      base_(static_cast<char*>(rows.data) + rows.offset),
      dim_(rows.shape[3]),
      heads_(rows.shape[2]),
      dtype_(rows.dtype) {
  if (dtype_ == KT_F16) type_ = PageType::kF16;
  if (dtype_ == KT_BF16) type_ = PageType::kBf16;
  page_bytes_ = bytes_of(rows.stride[0]);
  row_bytes_ = bytes_of(rows.stride[1]);
  head_bytes_ = bytes_of(rows.stride[2]);
}

int64_t PagedRows::bytes_of(int64_t elements) const { return *format::row_bytes(dtype_, elements); }

char* PagedRows::row(int64_t segment, int64_t position, int64_t head) const {
  const int64_t page = table_[segment * table_stride_ + position / page_size_];
  return base_ + page * page_bytes_ + position % page_size_ * row_bytes_ + head * head_bytes_;
}

void PagedRows::find(int64_t segment, int64_t begin, int64_t end, int64_t head, const void** out) const {
  for (int64_t position = begin; position < end;) {
    const char* first = row(segment, position, head);
    const int64_t count = std::min(end - position, page_size_ - position % page_size_);
    for (int64_t i = 0; i < count; ++i) *out++ = first + i * row_bytes_;
    position += count;
  }
}

void PagedRows::store(char* row, int64_t at, const float* x, int64_t count) const {
  char* to = row + bytes_of(at);
  if (in_blocks()) return format::round_row(dtype_, x, to, count);
  switch (type_) {
    case PageType::kF32:
      return convert_row(x, reinterpret_cast<float*>(to), count);
    case PageType::kF16:
      return convert_row(x, reinterpret_cast<F16*>(to), count);
    case PageType::kBf16:
      return convert_row(x, reinterpret_cast<Bf16*>(to), count);
  }
}

void PagedRows::store(char* row, const float* x, int64_t count, const float* y, int64_t count_y) const {
  if (!in_blocks() || count % format::kCacheBlock == 0) {
    store(row, 0, x, count);
    return store(row, count, y, count_y);
  }
  for (int64_t block = 0; block < count + count_y; block += format::kCacheBlock) {
    float values[format::kCacheBlock];
    for (int64_t i = 0; i < format::kCacheBlock; ++i) {
      const int64_t at = block + i;
      values[i] = at < count ? x[at] : at < count + count_y ? y[at - count] : 0;
    }
    store(row, block, values, format::kCacheBlock);
  }
}

void PagedRows::expand(const void* row, float* out) const {
  if (dtype_ == KT_Q8_0)
    expand_q8_0(row, out, padded_dim());
  else
    expand_q4_0(row, out, padded_dim());
}

Status check_pages(const KtBatch& batch, const KtPagedState& state, int64_t kv_heads, int64_t key_dim, int64_t value_dim,
                   int64_t window) {
  if (const Status status = check_tensor(*state.keys, "keys", kv_heads, key_dim); !status.ok()) return status;
  int64_t pages = state.keys->shape[0];
  if (value_dim > 0) {
    if (!state.values) return invalid("the state has no pages of values");
    if (const Status status = check_tensor(*state.values, "values", kv_heads, value_dim); !status.ok()) return status;
    if (state.values->dtype != state.keys->dtype) return unsupported("pages of keys and of values differ in element type");
    pages = std::min(pages, state.values->shape[0]);
  }
  for (int32_t s = 0; s < batch.segment_count; ++s) {
    const int64_t first = batch.first_position[s], last = first + batch.segment_count_of[s] - 1;
    const int64_t from = window > 0 ? std::max<int64_t>(0, first - window + 1) : 0;
    for (int64_t i = from / state.page_size; i <= last / state.page_size; ++i) {
      const int32_t page = i < state.table_stride ? state.block_table[s * state.table_stride + i] : -1;
      if (page < 0 || page >= pages)
        return invalid("positions from " + std::to_string(i * state.page_size) + " of segment " + std::to_string(s) +
                       " are needed, and the block table gives no page for them");
    }
  }
  return {};
}

}  // namespace kt::cpu
