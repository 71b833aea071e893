// The loop behind every peak: one instruction on many independent registers.
#pragma once

#include <cstdint>

namespace kt::bench {

inline constexpr int kChains = 12;  // more than latency times throughput of any of the instructions

// step(sum, a, b) is one instruction; all operands are zero, since the time does not depend on values.
template <class Vector, class Step>
double run_chains(int64_t rounds, double operations, Step step) {
  Vector sums[kChains] = {};
  const Vector a = {}, b = {};
  for (int64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 12
    for (int chain = 0; chain < kChains; ++chain) step(sums[chain], a, b);
  }
  return static_cast<double>(rounds) * kChains * operations;
}

}  // namespace kt::bench
