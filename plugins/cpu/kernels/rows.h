// Operations on one row of floats; rows are contiguous, of any length, and may be their own output.
#pragma once

#include <cstdint>

namespace kt::cpu {

enum class Unary { kSigmoid, kSilu, kGelu, kGeluTanh, kRelu, kTanh, kExp };
enum class Binary { kAdd, kSub, kMul };

void unary_row(Unary function, const float* x, float* out, int64_t n);
void binary_row(Binary function, const float* a, const float* b, float* out, int64_t n);
void binary_row_scalar(Binary function, const float* a, float b, float* out, int64_t n);
// silu(gate) * up
void swiglu_row(const float* gate, const float* up, float* out, int64_t n);
void scale_row(const float* x, float factor, float* out, int64_t n);
// NaN stays NaN.
void clamp_row(const float* x, float minimum, float maximum, float* out, int64_t n);
// x / sqrt(mean(x^2) + eps) * weight
void rms_norm_row(const float* x, const float* weight, float eps, float* out, int64_t n);
void softmax_row(const float* x, float* out, int64_t n);
// x / (sum(x) + eps), summed in ascending order
void normalize_sum_row(const float* x, float eps, float* out, int64_t n);
// out = sum over slots of weights[slot] * h[slot], added in ascending order; rows of h lie `stride` floats apart.
void weighted_sum_row(const float* h, int64_t stride, const float* weights, int64_t slots, float* out, int64_t n);

}  // namespace kt::cpu
