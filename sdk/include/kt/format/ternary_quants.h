// TQ1_0 and TQ2_0: elements of -1, 0 and 1 with one scale for 256.
#pragma once

#include "kt/format/block.h"

namespace kt::format {

struct BlockTQ1_0 {
  static constexpr int32_t kElements = 256;
  uint8_t digits[48];      // five base-3 digits a byte, as a fraction of 256
  uint8_t last_digits[4];  // four digits a byte
  Half scale;
};
static_assert(sizeof(BlockTQ1_0) == 54);

struct BlockTQ2_0 {
  static constexpr int32_t kElements = 256;
  uint8_t pairs[64];  // bits 2p, 2p+1 of byte 32h+i: element 128h + 32p + i
  Half scale;
};
static_assert(sizeof(BlockTQ2_0) == 66);

// Digit n (0..4) of a byte that holds a base-3 fraction: multiply by 3^n modulo 1, then by 3, and take the integer part.
inline int ternary_digit(uint8_t fraction, int n) {
  constexpr int kPower[5] = {1, 3, 9, 27, 81};
  return ((fraction * kPower[n] & 255) * 3 >> 8) - 1;
}

inline void expand(const BlockTQ1_0& block, float* out) {
  const float scale = block.scale.value();
  for (int n = 0; n < 5; ++n) {
    for (int i = 0; i < 32; ++i) out[n * 32 + i] = scale * static_cast<float>(ternary_digit(block.digits[i], n));
    for (int i = 0; i < 16; ++i) out[160 + n * 16 + i] = scale * static_cast<float>(ternary_digit(block.digits[32 + i], n));
  }
  for (int n = 0; n < 4; ++n)
    for (int i = 0; i < 4; ++i) out[240 + n * 4 + i] = scale * static_cast<float>(ternary_digit(block.last_digits[i], n));
}

inline void expand(const BlockTQ2_0& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 256; ++i) {
    const int code = block.pairs[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
    out[i] = scale * static_cast<float>(code - 1);
  }
}

}  // namespace kt::format
