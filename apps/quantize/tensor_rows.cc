#include "apps/quantize/tensor_rows.h"

#include <algorithm>

#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::quantize {

using namespace core;

Result<TensorRows> TensorRows::open(const FileTensor& tensor, const WeightStore& store) {
  TensorRows out;
  out.tensor_ = &tensor;
  const auto elements = static_cast<int64_t>(*element_count(tensor.shape));
  out.columns_ = tensor.shape.empty() ? 1 : tensor.shape.back();
  out.rows_ = out.columns_ > 0 ? elements / out.columns_ : 0;
  if (!tensor.values.empty()) return out;
  out.source_columns_ = out.columns_;
  if (tensor.order == RowOrder::kTransposed) {
    out.source_columns_ = tensor.shape[tensor.shape.size() - 2];
    out.group_ = out.source_columns_;
  }
  const auto bytes = kt::format::row_bytes(tensor.source_dtype, out.source_columns_);
  out.convert_ = kt::format::dequantizer(tensor.source_dtype);
  if (!bytes || !out.convert_ || elements == 0)
    return fail(409,
                "tensor '" + tensor.name + "' of type " + dtype_name(tensor.source_dtype) + " and shape " +
                    shape_text(tensor.shape) + " has no values that can be stored",
                "leave it out of the model");
  out.row_bytes_ = *bytes;
  out.part_rows_ = elements / out.source_columns_ / static_cast<int64_t>(tensor.parts.size());
  for (const TensorPart& part : tensor.parts) {
    KT_TRY(store.check(*part.tensor));
    if (part.tensor->bytes < static_cast<uint64_t>((part.first_row + out.part_rows_) * out.row_bytes_))
      return fail(409, "tensor '" + part.tensor->name + "' is too small for '" + tensor.name + "'",
                  "the files do not belong together");
  }
  return out;
}

const std::byte* TensorRows::source_row(int64_t row) const {
  const TensorPart& part = tensor_->parts[static_cast<size_t>(row / part_rows_)];
  return part.tensor->data + (part.first_row + row % part_rows_) * row_bytes_;
}

void TensorRows::read_transposed(int64_t matrix, float* out) const {
  std::vector<float> row(static_cast<size_t>(source_columns_));
  for (int64_t r = 0; r < columns_; ++r) {  // rows of the source
    convert_(source_row(matrix * columns_ + r), row.data(), source_columns_);
    for (int64_t c = 0; c < source_columns_; ++c) out[c * columns_ + r] = row[static_cast<size_t>(c)];
  }
}

void TensorRows::read(int64_t first, int64_t count, float* out) const {
  if (!tensor_->values.empty()) {
    std::copy_n(tensor_->values.begin() + first * columns_, count * columns_, out);
    return;
  }
  if (tensor_->order == RowOrder::kTransposed) {
    for (int64_t at = 0; at < count; at += group_) read_transposed((first + at) / group_, out + at * columns_);
    return;
  }
  // A bias is one row whose elements stand for rows.
  const bool is_bias = tensor_->order == RowOrder::kInterleavedHalves && tensor_->shape.size() == 1;
  std::vector<float> bias(is_bias ? static_cast<size_t>(columns_) : 0);
  const int64_t half = tensor_->head_rows / 2;
  const auto turned = [&](int64_t row) {
    const int64_t head = row / tensor_->head_rows, inside = row % tensor_->head_rows;
    return head * tensor_->head_rows + inside % 2 * half + inside / 2;
  };
  if (is_bias) {
    convert_(source_row(0), bias.data(), columns_);
    for (int64_t c = 0; c < columns_; ++c) out[c] = bias[static_cast<size_t>(turned(c))];
    return;
  }
  for (int64_t r = 0; r < count; ++r) {
    const int64_t row = tensor_->order == RowOrder::kInterleavedHalves ? turned(first + r) : first + r;
    convert_(source_row(row), out + r * columns_, columns_);
  }
}

std::vector<std::span<const std::byte>> TensorRows::bytes() const {
  std::vector<std::span<const std::byte>> out;
  if (!tensor_->values.empty() || tensor_->order != RowOrder::kSame) return out;
  for (const TensorPart& part : tensor_->parts)
    out.emplace_back(part.tensor->data + part.first_row * row_bytes_, static_cast<size_t>(part_rows_ * row_bytes_));
  return out;
}

}  // namespace kt::quantize
