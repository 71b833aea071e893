#include "core/conformance/batch.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/exec/batch.h"
#include "kt/format/cache_rows.h"
#include "kt/format/dequantize.h"

namespace kt::conformance {

HostBatch::HostBatch(const std::vector<SegmentShape>& segments) : segments_(segments) {
  for (size_t s = 0; s < segments.size(); ++s) {
    begin_.push_back(static_cast<int32_t>(token_segment_.size()));
    count_.push_back(segments[s].count);
    first_.push_back(segments[s].first_position);
    for (int32_t i = 0; i < segments[s].count; ++i) {
      token_segment_.push_back(static_cast<int32_t>(s));
      token_position_.push_back(segments[s].first_position + i);
    }
  }
  const bool decode = std::all_of(count_.begin(), count_.end(), [](int32_t count) { return count <= core::kDecodeRows; });
  view_ = {sizeof view_,
           decode ? KT_DECODE : KT_PREFILL,
           static_cast<int32_t>(token_segment_.size()),
           static_cast<int32_t>(segments.size()),
           begin_.data(),
           count_.data(),
           first_.data(),
           token_segment_.data(),
           token_position_.data()};
}

HostState::HostState(const core::StateSpec& spec, int32_t dtype, int32_t page_size, const std::vector<SegmentShape>& segments,
                     Random& random)
    : spec_(spec), dtype_(dtype), page_size_(page_size) {
  for (const SegmentShape& s : segments) {
    const int64_t pages = (s.first_position + s.count + page_size - 1) / page_size;
    table_stride_ = std::max(table_stride_, pages);
    pages_ += pages;
  }
  pages_ += 2;  // never used
  std::vector<int32_t> order(static_cast<size_t>(pages_));
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[static_cast<size_t>(random.below(static_cast<int64_t>(i) + 1))]);
  const size_t rows = static_cast<size_t>(pages_ * page_size * spec.heads);
  keys_.assign(rows * row_bytes(spec.key_dim), 0xFF);
  values_.assign(rows * row_bytes(spec.value_dim), 0xFF);
  table_.assign(segments.size() * static_cast<size_t>(table_stride_), -1);
  for (size_t s = 0; s < segments.size(); ++s) {
    const int32_t first = segments[s].first_position;
    const int64_t seen = spec.window > 0 ? std::max<int64_t>(0, first - spec.window + 1) : 0;
    for (int64_t page = seen / page_size; page * page_size < first + segments[s].count; ++page) {
      table_[s * static_cast<size_t>(table_stride_) + static_cast<size_t>(page)] = order.back();
      order.pop_back();
    }
    for (auto position = static_cast<int32_t>(seen); position < first; ++position) {
      fill(keys_, spec.key_dim, static_cast<int32_t>(s), position, random);
      fill(values_, spec.value_dim, static_cast<int32_t>(s), position, random);
    }
  }
}

size_t HostState::row_bytes(int64_t dim) const {
  return static_cast<size_t>(*format::row_bytes(dtype_, format::cache_row_elements(dtype_, dim)));
}

size_t HostState::address(int64_t dim, int32_t table_row, int32_t position, int64_t head) const {
  const int64_t page = table_[static_cast<size_t>(table_row * table_stride_ + position / page_size_)];
  return static_cast<size_t>((page * page_size_ + position % page_size_) * spec_.heads + head) * row_bytes(dim);
}

void HostState::fill(std::vector<unsigned char>& memory, int64_t dim, int32_t table_row, int32_t position, Random& random) {
  std::vector<float> row(static_cast<size_t>(dim));
  for (int64_t head = 0; head < spec_.heads; ++head) {
    for (float& value : row) value = random.normal();
    format::round_row(dtype_, row.data(), memory.data() + address(dim, table_row, position, head), dim);
  }
}

std::vector<float> HostState::row(const std::vector<unsigned char>& memory, int64_t dim, int32_t table_row, int32_t position,
                                  int64_t head) const {
  const int64_t whole = format::cache_row_elements(dtype_, dim);
  std::vector<float> out(static_cast<size_t>(whole));
  format::dequantizer(dtype_)(memory.data() + address(dim, table_row, position, head), out.data(), whole);
  out.resize(static_cast<size_t>(dim));
  return out;
}

KtTensor HostState::tensor(std::vector<unsigned char>& memory, int64_t dim) const {
  KtTensor t{};
  t.struct_size = sizeof t;
  t.dtype = dtype_;
  t.rank = 4;
  t.device = {"cpu", 0, 0};
  t.data = memory.data();
  const int64_t shape[] = {pages_, page_size_, spec_.heads, dim};
  std::copy_n(shape, 4, t.shape);
  t.stride[3] = 1;
  t.stride[2] = format::cache_row_elements(dtype_, dim);
  t.stride[1] = t.stride[2] * spec_.heads;
  t.stride[0] = t.stride[1] * page_size_;
  return t;
}

const KtPagedState& HostState::view(const HostBatch& batch) {
  batch_table_.clear();
  for (const SegmentShape& s : batch.segments()) {
    const auto from = table_.begin() + s.table_row * table_stride_;
    batch_table_.insert(batch_table_.end(), from, from + table_stride_);
  }
  key_tensor_ = tensor(keys_, spec_.key_dim);
  value_tensor_ = tensor(values_, spec_.value_dim);
  view_ = {sizeof view_,        page_size_,   &key_tensor_, spec_.value_dim > 0 ? &value_tensor_ : nullptr,
           batch_table_.data(), table_stride_};
  return view_;
}

}  // namespace kt::conformance
