#include "plugins/cpu/kernels/transposed.h"

#include <algorithm>

#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"
#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {
namespace {

constexpr int64_t kInputs = 64;  // inputs whose rows are converted at once

void add_inputs(const float* weights, int64_t step, int64_t inputs, int64_t outputs, const float* x, float* out, bool first) {
  for_each_vector(outputs, [&](int64_t o, int64_t n) {
    Vec sum = vec_zero();
    for (int64_t i = 0; i < inputs; ++i) sum = vec_fma(vec_set(x[i]), vec_load(weights + i * step + o), sum);
    vec_store_upto(out + o, first ? sum : vec_load_upto(out + o, n) + sum, n);
  });
}

}  // namespace

int64_t transposed_step(int32_t dtype) {
  const format::DtypeInfo* info = format::dtype_info(dtype);
  return info != nullptr && info->block_elements > 32 ? 256 : 32;
}

void transposed_product(const TransposedWeight& weight, int64_t begin, const float* const* x, int64_t count, float* const* out) {
  const format::RowConverter convert = format::dequantizer(weight.dtype);
  const format::DtypeInfo* info = format::dtype_info(weight.dtype);
  const int64_t step = transposed_step(weight.dtype), outputs = std::min(step, weight.outputs - begin);
  const uint8_t* data = weight.data + begin / info->block_elements * info->block_bytes;
  alignas(64) float weights[kInputs * 256];
  for (int64_t i = 0; i < weight.inputs; i += kInputs) {
    const int64_t inputs = std::min(kInputs, weight.inputs - i);
    for (int64_t j = 0; j < inputs; ++j) {
      convert(data + (i + j) * weight.row_bytes, weights + j * step, outputs);
      std::fill(weights + j * step + outputs, weights + (j + 1) * step, 0.0f);
    }
    for (int64_t t = 0; t < count; ++t) add_inputs(weights, step, inputs, outputs, x[t] + i, out[t], i == 0);
  }
}

}  // namespace kt::cpu
