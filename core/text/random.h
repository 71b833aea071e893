// Random numbers that are the same on every machine for the same seed.
// Source of the method: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021), xoshiro256++, seeded by
// SplitMix64 (Steele, Lea and Flood, 2014).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace kt::core {

class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      uint64_t z = seed += 0x9E3779B97F4A7C15u;
      z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
      z = (z ^ z >> 27) * 0x94D049BB133111EBu;
      word = z ^ z >> 31;
    }
  }

  uint64_t next() {
    auto& [a, b, c, d] = state_;
    const uint64_t result = std::rotl(a + d, 23) + a;
    const uint64_t shifted = b << 17;
    c ^= a, d ^= b, b ^= c, a ^= d;
    c ^= shifted;
    d = std::rotl(d, 45);
    return result;
  }
  // In [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace kt::core
