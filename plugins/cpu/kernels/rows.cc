#include "plugins/cpu/kernels/rows.h"

#include <cmath>
#include <limits>

#include "plugins/cpu/kernels/functions.h"

namespace kt::cpu {
namespace {

template <class F>
void map_row(const float* x, float* out, int64_t n, F f) {
  for_each_vector(n, [&](int64_t i, int64_t count) { vec_store_upto(out + i, f(vec_load_upto(x + i, count)), count); });
}

template <class F>
void map_rows(const float* a, const float* b, float* out, int64_t n, F f) {
  for_each_vector(n, [&](int64_t i, int64_t count) {
    vec_store_upto(out + i, f(vec_load_upto(a + i, count), vec_load_upto(b + i, count)), count);
  });
}

float sum_of_squares(const float* x, int64_t n) {
  constexpr int64_t kSums = 4;  // independent sums, so that additions overlap
  Vec sums[kSums] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
  int64_t i = 0;
  for (; i + kSums * kLanes <= n; i += kSums * kLanes)
    for (int64_t s = 0; s < kSums; ++s) {
      const Vec v = vec_load(x + i + s * kLanes);
      sums[s] = vec_fma(v, v, sums[s]);
    }
  for (; i < n; i += kLanes) {
    const Vec v = vec_load_upto(x + i, n - i < kLanes ? n - i : kLanes);
    sums[0] = vec_fma(v, v, sums[0]);
  }
  return vec_sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

}  // namespace

void unary_row(Unary function, const float* x, float* out, int64_t n) {
  switch (function) {
    case Unary::kSigmoid:
      return map_row(x, out, n, vec_sigmoid);
    case Unary::kSilu:
      return map_row(x, out, n, vec_silu);
    case Unary::kGelu:
      return map_row(x, out, n, vec_gelu);
    case Unary::kGeluTanh:
      return map_row(x, out, n, vec_gelu_tanh);
    case Unary::kRelu:
      return map_row(x, out, n, [](Vec v) { return vec_max(vec_zero(), v); });
    case Unary::kTanh:
      return map_row(x, out, n, vec_tanh);
    case Unary::kExp:
      return map_row(x, out, n, vec_exp);
  }
}

void binary_row(Binary function, const float* a, const float* b, float* out, int64_t n) {
  switch (function) {
    case Binary::kAdd:
      return map_rows(a, b, out, n, [](Vec x, Vec y) { return x + y; });
    case Binary::kSub:
      return map_rows(a, b, out, n, [](Vec x, Vec y) { return x - y; });
    case Binary::kMul:
      return map_rows(a, b, out, n, [](Vec x, Vec y) { return x * y; });
  }
}

void binary_row_scalar(Binary function, const float* a, float b, float* out, int64_t n) {
  const Vec y = vec_set(b);
  switch (function) {
    case Binary::kAdd:
      return map_row(a, out, n, [y](Vec x) { return x + y; });
    case Binary::kSub:
      return map_row(a, out, n, [y](Vec x) { return x - y; });
    case Binary::kMul:
      return map_row(a, out, n, [y](Vec x) { return x * y; });
  }
}

void swiglu_row(const float* gate, const float* up, float* out, int64_t n) {
  map_rows(gate, up, out, n, [](Vec g, Vec u) { return vec_silu(g) * u; });
}

void scale_row(const float* x, float factor, float* out, int64_t n) { binary_row_scalar(Binary::kMul, x, factor, out, n); }

void clamp_row(const float* x, float minimum, float maximum, float* out, int64_t n) {
  map_row(x, out, n, [low = vec_set(minimum), high = vec_set(maximum)](Vec v) { return vec_max(low, vec_min(high, v)); });
}

void rms_norm_row(const float* x, const float* weight, float eps, float* out, int64_t n) {
  const float mean = sum_of_squares(x, n) / static_cast<float>(n);
  const Vec factor = vec_set(1.0f / std::sqrt(mean + eps));
  map_rows(x, weight, out, n, [factor](Vec v, Vec w) { return v * factor * w; });
}

void softmax_row(const float* x, float* out, int64_t n) {
  const Vec lowest = vec_set(-std::numeric_limits<float>::infinity());
  Vec most = lowest;
  for_each_vector(
      n, [&](int64_t i, int64_t count) { most = vec_max(vec_select(vec_load_upto(x + i, count), lowest, 0, count), most); });
  const Vec shift = vec_set(vec_largest(most));
  Vec total = vec_zero();
  for_each_vector(n, [&](int64_t i, int64_t count) {
    const Vec weight = vec_select(vec_exp(vec_load_upto(x + i, count) - shift), vec_zero(), 0, count);
    vec_store_upto(out + i, weight, count);
    total = total + weight;
  });
  const Vec sum = vec_set(vec_sum(total));
  map_row(out, out, n, [sum](Vec v) { return v / sum; });
}

void normalize_sum_row(const float* x, float eps, float* out, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  map_row(x, out, n, [divisor = vec_set(sum + eps)](Vec v) { return v / divisor; });
}

void weighted_sum_row(const float* h, int64_t stride, const float* weights, int64_t slots, float* out, int64_t n) {
  for_each_vector(n, [&](int64_t i, int64_t count) {
    Vec sum = vec_zero();
    for (int64_t s = 0; s < slots; ++s) sum = vec_fma(vec_set(weights[s]), vec_load_upto(h + s * stride + i, count), sum);
    vec_store_upto(out + i, sum, count);
  });
}

}  // namespace kt::cpu
