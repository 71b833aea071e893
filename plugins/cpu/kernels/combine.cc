#include "plugins/cpu/kernels/combine.h"

#include "plugins/cpu/kernels/functions.h"

namespace kt::cpu {

void silu_times(const float* gate, const float* up, int64_t count, float* out) {
  for_each_vector(count, [&](int64_t i, int64_t n) {
    vec_store_upto(out + i, vec_silu(vec_load_upto(gate + i, n)) * vec_load_upto(up + i, n), n);
  });
}

void weighted_sum(const float* weights, int64_t slots, const float* rows, int64_t stride, int64_t count, float* out) {
  for_each_vector(count, [&](int64_t i, int64_t n) {
    Vec sum = vec_zero();
    for (int64_t s = 0; s < slots; ++s) sum = vec_fma(vec_set(weights[s]), vec_load_upto(rows + s * stride + i, n), sum);
    vec_store_upto(out + i, sum, n);
  });
}

}  // namespace kt::cpu
