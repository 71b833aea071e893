// Products and sums in double, in one fixed order.
#pragma once

#include <cstdint>

namespace kt::ref {

// a . b over n elements: four partial sums by position, so that the order depends on nothing but n.
inline double dot(const float* a, const float* b, int64_t n) {
  double sums[4] = {0, 0, 0, 0};
  int64_t i = 0;
  for (; i + 4 <= n; i += 4)
    for (int lane = 0; lane < 4; ++lane) sums[lane] += double{a[i + lane]} * double{b[i + lane]};
  for (; i < n; ++i) sums[0] += double{a[i]} * double{b[i]};
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// sums += factor * x over n elements.
inline void add_scaled(double* sums, double factor, const float* x, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sums[i] += factor * double{x[i]};
}

inline void round_to_float(const double* from, float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = static_cast<float>(from[i]);
}

}  // namespace kt::ref
