// Products with a weight that lies transposed in memory: the row of an input holds its factors for all outputs.
#pragma once

#include <cstdint>

namespace kt::cpu {

// The weight [inputs, outputs] of any type; rows of `row_bytes`.
struct TransposedWeight {
  int32_t dtype;
  const uint8_t* data;
  int64_t row_bytes;
  int64_t inputs, outputs;
};

// Outputs that transposed_product() computes at once, for this type: a multiple of its block.
int64_t transposed_step(int32_t dtype);

// out[t][o - begin] = sum over i of x[t][i] * weight[i][o] for o of [begin, begin + transposed_step()), as far as there are
// outputs. The order of additions depends on the number of inputs only. `begin` is a multiple of transposed_step().
void transposed_product(const TransposedWeight& weight, int64_t begin, const float* const* x, int64_t count, float* const* out);

}  // namespace kt::cpu
