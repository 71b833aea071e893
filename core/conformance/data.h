// The elements of a tensor in logical order, and a tensor in memory with gaps between its rows.
#pragma once

#include <cstdint>
#include <vector>

#include "kt/abi.h"

namespace kt::conformance {

// A dense tensor of float32, int32, float16 or bfloat16.
struct Data {
  int32_t dtype = KT_F32;
  std::vector<int64_t> shape;
  std::vector<unsigned char> bytes;

  static Data make(int32_t dtype, std::vector<int64_t> shape);  // zeros
  int64_t count() const;
  int64_t rows() const { return shape.empty() || shape[0] == 0 ? 0 : shape[0]; }
  size_t row_bytes() const { return rows() == 0 ? 0 : bytes.size() / static_cast<size_t>(rows()); }  // of an index of dimension 0
  float* floats() { return reinterpret_cast<float*>(bytes.data()); }
  const float* floats() const { return reinterpret_cast<const float*>(bytes.data()); }
  int32_t* ints() { return reinterpret_cast<int32_t*>(bytes.data()); }
  const int32_t* ints() const { return reinterpret_cast<const int32_t*>(bytes.data()); }
  float value(int64_t i) const;  // as float, whatever the type
  Data rows_of(int64_t begin, int64_t count) const;
};

int64_t element_size(int32_t dtype);

// Memory as an operator sees it: `gap` unused elements after each row and in front, all bytes of which are 0xFF (a NaN).
class StridedTensor {
 public:
  StridedTensor(const Data& data, int64_t gap);                                  // a copy of the data
  StridedTensor(int32_t dtype, const std::vector<int64_t>& shape, int64_t gap);  // every element 0xFF bytes
  StridedTensor(const StridedTensor&) = delete;
  StridedTensor& operator=(const StridedTensor&) = delete;

  const KtTensor& view() const { return view_; }
  Data read() const;
  bool gaps_are_untouched() const;

 private:
  template <class Visit>
  void for_each_row(Visit&& visit) const;

  int64_t size_ = 4;
  std::vector<int64_t> shape_;
  std::vector<unsigned char> memory_;
  KtTensor view_{};
};

}  // namespace kt::conformance
