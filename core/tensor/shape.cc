#include "core/tensor/shape.h"

#include <limits>

#include "core/tensor/checked.h"
#include "kt/format/dtype.h"

namespace kt::core {

std::string dtype_name(int32_t dtype) {
  const format::DtypeInfo* info = format::dtype_info(dtype);
  return info ? std::string(info->name) : "type " + std::to_string(dtype);
}

std::string shape_text(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

std::optional<uint64_t> element_count(std::span<const int64_t> shape) {
  bool is_empty = false;
  for (const int64_t dim : shape) {
    if (dim < 0) return std::nullopt;
    is_empty |= dim == 0;
  }
  if (is_empty) return 0;
  uint64_t count = 1;
  for (const int64_t dim : shape) {
    const std::optional<uint64_t> product = checked_mul(count, static_cast<uint64_t>(dim));
    if (!product || *product > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
    count = *product;
  }
  return count;
}

std::optional<uint64_t> tensor_bytes(int32_t dtype, std::span<const int64_t> shape) {
  const std::optional<uint64_t> count = element_count(shape);
  if (!count) return std::nullopt;
  const int64_t row = shape.empty() ? 1 : shape.back();
  if (!format::row_bytes(dtype, row)) return std::nullopt;
  const std::optional<int64_t> bytes = format::row_bytes(dtype, static_cast<int64_t>(*count));
  if (!bytes) return std::nullopt;
  return static_cast<uint64_t>(*bytes);
}

}  // namespace kt::core
