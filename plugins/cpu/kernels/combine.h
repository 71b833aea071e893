// What stands between and behind the products of an expert: the gated activation, and the sum over a token's experts.
#pragma once

#include <cstdint>

namespace kt::cpu {

// out[i] = silu(gate[i]) * up[i].
void silu_times(const float* gate, const float* up, int64_t count, float* out);

// out[i] = sum over s of weights[s] * rows[s * stride + i], in order of s.
void weighted_sum(const float* weights, int64_t slots, const float* rows, int64_t stride, int64_t count, float* out);

}  // namespace kt::cpu
