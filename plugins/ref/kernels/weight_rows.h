// A weight of any type as matrices whose rows are turned into float one at a time.
#pragma once

#include <string>

#include "kt/format/dequantize.h"
#include "kt/plugin.hpp"

namespace kt::ref {

// A weight [rows, columns] is one matrix; [matrices, rows, columns] is several.
class WeightRows {
 public:
  WeightRows() = default;
  // Throws Failure if the weight is not of this form, or its type is unknown.
  explicit WeightRows(const KtWeight& weight)
      : convert_(format::dequantizer(weight.dtype)), values_(weight.parts[0]), rank_(weight.rank) {
    if (rank_ < 2 || rank_ > 3) throw Failure(std::string("the weight '") + weight.name + "' has no rank of 2 or 3");
    if (convert_ == nullptr) throw Failure(std::string("the weight '") + weight.name + "' has an unknown type");
    if (weight.part_count != 1) throw Failure(std::string("the weight '") + weight.name + "' has scales beside its values");
    const auto* info = format::dtype_info(weight.dtype);
    block_elements_ = info->block_elements;
    block_bytes_ = info->block_bytes;
    matrices_ = rank_ == 3 ? weight.shape[0] : 1;
    rows_ = weight.shape[rank_ - 2];
    columns_ = weight.shape[rank_ - 1];
    if (!format::row_bytes(weight.dtype, columns_))
      throw Failure(std::string("the rows of weight '") + weight.name + "' are no whole number of blocks");
  }

  int64_t matrices() const { return matrices_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  // columns() floats.
  void row(int64_t matrix, int64_t row, float* out) const { convert_(address(matrix, row), out, columns_); }

 private:
  const void* address(int64_t matrix, int64_t row) const {
    const KtTensor* tensor = values_->tensors[0];
    int64_t element = 0;
    if (tensor->rank == rank_) {
      element = (rank_ == 3 ? matrix * tensor->stride[0] : 0) + row * tensor->stride[rank_ - 2];
    } else if (rank_ == 3) {
      tensor = values_->tensors[matrix];
      element = row * tensor->stride[0];
    } else {
      tensor = values_->tensors[row];
    }
    return static_cast<const char*>(tensor->data) + tensor->offset + element / block_elements_ * block_bytes_;
  }

  format::RowConverter convert_ = nullptr;
  const KtWeightPart* values_ = nullptr;
  int32_t rank_ = 0;
  int64_t block_elements_ = 1, block_bytes_ = 1;
  int64_t matrices_ = 0, rows_ = 0, columns_ = 0;
};

}  // namespace kt::ref
