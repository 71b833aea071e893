// The values of a tensor of the file to be written, row by row as floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "apps/quantize/model_file.h"
#include "kt/format/dequantize.h"

namespace kt::quantize {

// Borrows the tensor and the store's mapping.
class TensorRows {
 public:
  // KT-E0402 if the source was cut meanwhile, KT-E0409 if it does not have the tensor's size or has a type without values.
  static core::Result<TensorRows> open(const FileTensor& tensor, const core::WeightStore& store);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  // Rows that are read together: [k * group, (k + 1) * group).
  int64_t group() const { return group_; }
  // Rows [first, first + count), a whole number of groups. May run in several threads at once.
  void read(int64_t first, int64_t count, float* out) const;
  // The bytes of the source if they are those of the file for a tensor that keeps its type, part by part; else empty.
  std::vector<std::span<const std::byte>> bytes() const;

 private:
  const std::byte* source_row(int64_t row) const;
  void read_transposed(int64_t matrix, float* out) const;

  const FileTensor* tensor_ = nullptr;
  int64_t rows_ = 0, columns_ = 0, group_ = 1;
  int64_t source_columns_ = 0, part_rows_ = 0, row_bytes_ = 0;
  kt::format::RowConverter convert_ = nullptr;
};

}  // namespace kt::quantize
