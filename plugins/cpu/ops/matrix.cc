#include "plugins/cpu/ops/matrix.h"

#include <algorithm>

#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"

namespace kt::cpu {
namespace {

// Rows from which `auto` rounds activations. In a shorter sum rounding errors hardly cancel, and preparing the rounded row costs
// as much as the products it makes cheaper.
constexpr int64_t kRoundedColumns = 512;

const uint8_t* first_byte(const KtTensor& tensor) { return static_cast<const uint8_t*>(tensor.data) + tensor.offset; }

int64_t bytes_of(int32_t dtype, int64_t elements, const char* name) {
  const auto bytes = format::row_bytes(dtype, elements);
  if (!bytes) throw Failure("the weight '" + std::string(name) + "' has rows that are no whole blocks of its type");
  return *bytes;
}

}  // namespace

Panel Matrix::panel(int64_t expert, int64_t index) const {
  const int64_t first = index * kPanelRows;
  return {.dtype = dtype,
          .data = experts[static_cast<size_t>(expert)] + first * row_bytes,
          .row_bytes = row_bytes,
          .rows = std::min(kPanelRows, rows - first),
          .columns = columns};
}

Matrix read_matrix(const KtWeight& weight, Arithmetic arithmetic) {
  if (weight.rank != 2 && weight.rank != 3) throw Failure("the weight '" + std::string(weight.name) + "' is no matrix");
  Matrix out;
  out.dtype = weight.dtype;
  out.rows = weight.shape[weight.rank - 2];
  out.columns = weight.shape[weight.rank - 1];
  const bool short_rows = arithmetic == Arithmetic::kAuto && out.columns < kRoundedColumns;
  out.kernel = find_panel_kernel(weight.dtype, short_rows ? Arithmetic::kF32 : arithmetic);
  if (out.kernel.run == nullptr) throw Failure("the weight '" + std::string(weight.name) + "' is of a type that has no kernel");
  bytes_of(weight.dtype, out.columns, weight.name);
  const KtWeightPart& values = *weight.parts[0];
  const KtTensor& any = *values.tensors[0];
  out.row_bytes = bytes_of(weight.dtype, any.stride[any.rank - 2], weight.name);
  const int64_t experts = weight.rank == 3 ? weight.shape[0] : 1;
  for (int64_t e = 0; e < experts; ++e) {
    const bool own = values.count > 1;  // a tensor for each expert
    const KtTensor& tensor = *values.tensors[own ? e : 0];
    const int64_t step = own || weight.rank == 2 ? 0 : bytes_of(weight.dtype, tensor.stride[0], weight.name);
    if (bytes_of(weight.dtype, tensor.stride[tensor.rank - 2], weight.name) != out.row_bytes)
      throw Failure("the experts of '" + std::string(weight.name) + "' have rows of different lengths");
    out.experts.push_back(first_byte(tensor) + e * step);
  }
  return out;
}

Arithmetic parse_arithmetic(const std::string& text) {
  if (text == "f32") return Arithmetic::kF32;
  if (text == "bf16") return Arithmetic::kBf16;
  if (text == "int8") return Arithmetic::kInt8;
  return Arithmetic::kAuto;
}

kt::Support supports_weights(const kt::Node& node, std::initializer_list<const char*> parameters) {
  for (const char* parameter : parameters) {
    const auto weight = node.weight(parameter);
    if (!weight) return kt::no(std::string("the node has no weight '") + parameter + "'");
    if (format::dequantizer(weight->dtype) == nullptr)
      return kt::no(std::string("the weight '") + parameter + "' is of a type that kt cannot convert");
  }
  if (node.input_count() > 0 && node.input(0).dtype != KT_F32) return kt::no("the input is not float32");
  return kt::yes(20);
}

double panel_cost(const Matrix& matrix, int64_t count) {
  const double products = static_cast<double>(matrix.columns) * kPanelRows * static_cast<double>(count);
  return matrix.panel_bytes() / 15.0 + products / 60.0;
}

int64_t grain_for(int64_t items, double nanoseconds_each, int32_t threads) {
  const auto worth = static_cast<int64_t>(20000.0 / std::max(nanoseconds_each, 1.0));
  return std::clamp<int64_t>(worth, 1, std::max<int64_t>(1, items / (4 * int64_t{threads})));
}

}  // namespace kt::cpu
