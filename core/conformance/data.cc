#include "core/conformance/data.h"

#include <cstring>
#include <numeric>

#include "kt/format/float16.h"

namespace kt::conformance {

namespace {

constexpr size_t kTail = 64;  // bytes behind the last row that are watched, whatever the gap

}  // namespace

int64_t element_size(int32_t dtype) { return dtype == KT_F16 || dtype == KT_BF16 ? 2 : 4; }

int64_t Data::count() const { return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()); }

Data Data::make(int32_t dtype, std::vector<int64_t> shape) {
  Data out{dtype, std::move(shape), {}};
  out.bytes.resize(static_cast<size_t>(out.count() * element_size(dtype)));
  return out;
}

float Data::value(int64_t i) const {
  if (dtype == KT_F32) return floats()[i];
  if (dtype == KT_I32) return static_cast<float>(ints()[i]);
  uint16_t half;
  std::memcpy(&half, bytes.data() + i * 2, sizeof half);
  return dtype == KT_F16 ? format::f32_from_f16(half) : format::f32_from_bf16(half);
}

Data Data::rows_of(int64_t begin, int64_t count) const {
  Data out{dtype, shape, {}};
  out.shape[0] = count;
  const auto from = bytes.begin() + begin * static_cast<int64_t>(row_bytes());
  out.bytes.assign(from, from + count * static_cast<int64_t>(row_bytes()));
  return out;
}

StridedTensor::StridedTensor(int32_t dtype, const std::vector<int64_t>& shape, int64_t gap)
    : size_(element_size(dtype)), shape_(shape) {
  view_.struct_size = sizeof view_;
  view_.dtype = dtype;
  view_.rank = static_cast<int32_t>(shape.size());
  view_.device = {"cpu", 0, 0};
  int64_t stride = 1;
  for (int32_t d = view_.rank - 1; d >= 0; --d) {
    view_.shape[d] = shape[static_cast<size_t>(d)];
    view_.stride[d] = stride;
    stride *= view_.shape[d];
    if (d == view_.rank - 1 || d == 1) stride += gap;  // rows, and groups of rows, are apart
  }
  memory_.assign(static_cast<size_t>((stride + gap) * size_) + kTail, 0xFF);
  view_.data = memory_.data();
  view_.offset = static_cast<uint64_t>(gap * size_);
}

StridedTensor::StridedTensor(const Data& data, int64_t gap) : StridedTensor(data.dtype, data.shape, gap) {
  const unsigned char* from = data.bytes.data();
  for_each_row([&](unsigned char* row, size_t bytes) {
    std::memcpy(row, from, bytes);
    from += bytes;
  });
}

template <class Visit>
void StridedTensor::for_each_row(Visit&& visit) const {
  const int32_t last = view_.rank - 1;
  int64_t rows = 1;
  for (int32_t d = 0; d < last; ++d) rows *= view_.shape[d];
  const int64_t dim = view_.rank > 0 ? view_.shape[last] : 1;
  for (int64_t r = 0; r < rows; ++r) {
    int64_t element = 0, rest = r;
    for (int32_t d = last - 1; d >= 0; --d) {
      element += rest % view_.shape[d] * view_.stride[d];
      rest /= view_.shape[d];
    }
    visit(static_cast<unsigned char*>(view_.data) + view_.offset + element * size_, static_cast<size_t>(dim * size_));
  }
}

Data StridedTensor::read() const {
  Data out = Data::make(view_.dtype, shape_);
  unsigned char* to = out.bytes.data();
  for_each_row([&](const unsigned char* row, size_t bytes) {
    std::memcpy(to, row, bytes);
    to += bytes;
  });
  return out;
}

bool StridedTensor::gaps_are_untouched() const {
  std::vector<bool> used(memory_.size());
  for_each_row([&](const unsigned char* row, size_t bytes) {
    const auto begin = used.begin() + (row - memory_.data());
    std::fill(begin, begin + static_cast<int64_t>(bytes), true);
  });
  for (size_t i = 0; i < memory_.size(); ++i)
    if (!used[i] && memory_[i] != 0xFF) return false;
  return true;
}

}  // namespace kt::conformance
