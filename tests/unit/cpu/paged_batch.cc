#include "tests/unit/cpu/paged_batch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kt/format/float16.h"

namespace kt::test {

PagedBatch::PagedBatch(const PagedShape& shape, std::vector<PagedSegment> segments, uint64_t seed)
    : shape_(shape), segments_(std::move(segments)) {
  Random random(seed);
  int64_t longest = 1, pages = 0;
  for (const PagedSegment& s : segments_) {
    const int64_t used = (s.first_position + s.count + shape.page_size - 1) / shape.page_size;
    longest = std::max(longest, used);
    pages += used;
  }
  table_.assign(segments_.size() * static_cast<size_t>(longest), -1);
  std::vector<int32_t> free;
  for (int64_t page = 0; page < pages; ++page) free.push_back(static_cast<int32_t>(page));
  for (size_t s = 0; s < segments_.size(); ++s) {
    const PagedSegment& segment = segments_[s];
    const int64_t seen = shape.window > 0 ? std::max<int64_t>(0, segment.first_position - shape.window + 1) : 0;
    const int64_t used = (segment.first_position + segment.count + shape.page_size - 1) / shape.page_size;
    for (int64_t page = seen / shape.page_size; page < used; ++page) {
      const auto pick = static_cast<size_t>(random.below(static_cast<int64_t>(free.size())));
      table_[s * static_cast<size_t>(longest) + static_cast<size_t>(page)] = free[pick];
      free.erase(free.begin() + static_cast<int64_t>(pick));
    }
    begin_.push_back(static_cast<int32_t>(token_segment_.size()));
    count_.push_back(segment.count);
    first_.push_back(segment.first_position);
    for (int32_t i = 0; i < segment.count; ++i) {
      token_segment_.push_back(static_cast<int32_t>(s));
      token_position_.push_back(segment.first_position + i);
    }
  }
  state_ = {sizeof(KtPagedState), shape.page_size, &keys_.view, shape.value_dim > 0 ? &values_.view : nullptr,
            table_.data(),        longest};
  make_side(keys_, pages, shape.key_dim);
  if (shape.value_dim > 0) make_side(values_, pages, shape.value_dim);
  fill_history(random);
  batch_ = {sizeof(KtBatch),
            KT_DECODE,
            static_cast<int32_t>(token_segment_.size()),
            static_cast<int32_t>(segments_.size()),
            begin_.data(),
            count_.data(),
            first_.data(),
            token_segment_.data(),
            token_position_.data()};
}

void PagedBatch::make_side(Side& side, int64_t pages, int64_t dim) {
  side.dim = dim;
  const int64_t row = shape_.kv_heads * dim, elements = pages * shape_.page_size * row;
  if (shape_.dtype == KT_F32)
    side.floats.assign(static_cast<size_t>(elements), std::numeric_limits<float>::quiet_NaN());
  else
    side.halves.assign(static_cast<size_t>(elements), 0x7FFF);
  side.view.struct_size = sizeof(KtTensor);
  side.view.dtype = shape_.dtype;
  side.view.rank = 4;
  side.view.data = shape_.dtype == KT_F32 ? static_cast<void*>(side.floats.data()) : side.halves.data();
  const int64_t shape[] = {pages, shape_.page_size, shape_.kv_heads, dim}, stride[] = {shape_.page_size * row, row, dim, 1};
  std::copy_n(shape, 4, side.view.shape);
  std::copy_n(stride, 4, side.view.stride);
}

size_t PagedBatch::index(const Side& side, int64_t segment, int64_t position, int64_t head, int64_t i) const {
  const int64_t page = table_[static_cast<size_t>(segment * state_.table_stride + position / shape_.page_size)];
  return static_cast<size_t>(((page * shape_.page_size + position % shape_.page_size) * shape_.kv_heads + head) * side.dim + i);
}

float PagedBatch::element(const Side& side, int64_t segment, int64_t position, int64_t head, int64_t i) const {
  const size_t at = index(side, segment, position, head, i);
  if (shape_.dtype == KT_F32) return side.floats[at];
  return shape_.dtype == KT_F16 ? format::f32_from_f16(side.halves[at]) : format::f32_from_bf16(side.halves[at]);
}

void PagedBatch::set(Side& side, size_t at, float x) {
  if (shape_.dtype == KT_F32)
    side.floats[at] = x;
  else
    side.halves[at] = shape_.dtype == KT_F16 ? format::f16_from_f32(x) : format::bf16_from_f32(x);
}

void PagedBatch::fill_history(Random& random) {
  for (size_t s = 0; s < segments_.size(); ++s) {
    const int64_t last = segments_[s].first_position,
                  seen = shape_.window > 0 ? std::max<int64_t>(0, last - shape_.window + 1) : 0;
    for (int64_t p = seen; p < last; ++p)
      for (int64_t h = 0; h < shape_.kv_heads; ++h) {
        for (int64_t i = 0; i < shape_.key_dim; ++i) set(keys_, index(keys_, static_cast<int64_t>(s), p, h, i), random());
        for (int64_t i = 0; i < shape_.value_dim; ++i) set(values_, index(values_, static_cast<int64_t>(s), p, h, i), random());
      }
  }
}

void PagedBatch::copy_history(int64_t segment, const PagedBatch& from, int64_t from_segment) {
  const int64_t last = segments_[static_cast<size_t>(segment)].first_position;
  for (int64_t p = shape_.window > 0 ? std::max<int64_t>(0, last - shape_.window + 1) : 0; p < last; ++p)
    for (int64_t h = 0; h < shape_.kv_heads; ++h) {
      for (int64_t i = 0; i < shape_.key_dim; ++i) set(keys_, index(keys_, segment, p, h, i), from.key(from_segment, p, h, i));
      for (int64_t i = 0; i < shape_.value_dim; ++i)
        set(values_, index(values_, segment, p, h, i), from.value(from_segment, p, h, i));
    }
}

std::vector<double> PagedBatch::attend(const float* query, int64_t segment, int64_t position, int64_t head, int64_t dims,
                                       double scale, std::vector<double>* magnitude) const {
  const int64_t from = shape_.window > 0 ? std::max<int64_t>(0, position - shape_.window + 1) : 0;
  std::vector<double> scores, out(static_cast<size_t>(dims));
  magnitude->assign(static_cast<size_t>(dims), 0);
  double most = -std::numeric_limits<double>::infinity(), sum = 0;
  for (int64_t p = from; p <= position; ++p) {
    double score = 0;
    for (int64_t i = 0; i < shape_.key_dim; ++i) score += static_cast<double>(query[i]) * key(segment, p, head, i);
    scores.push_back(score * scale);
    most = std::fmax(most, scores.back());
  }
  for (const double score : scores) sum += std::exp(score - most);
  for (int64_t p = from; p <= position; ++p) {
    const double weight = std::exp(scores[static_cast<size_t>(p - from)] - most) / sum;
    for (int64_t i = 0; i < dims; ++i) {
      out[static_cast<size_t>(i)] += weight * value(segment, p, head, i);
      (*magnitude)[static_cast<size_t>(i)] += weight * std::fabs(value(segment, p, head, i));
    }
  }
  return out;
}

}  // namespace kt::test
