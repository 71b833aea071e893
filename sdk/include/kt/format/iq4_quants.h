// IQ4_NL and IQ4_XS: 4-bit codes into a table of 16 unevenly spaced values.
#pragma once

#include "kt/format/basic_quants.h"
#include "kt/format/block.h"

namespace kt::format {

inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

struct BlockIQ4_NL {
  static constexpr int32_t kElements = 32;
  Half scale;
  uint8_t nibbles[16];  // as in Q4_0
};
static_assert(sizeof(BlockIQ4_NL) == 18);

struct BlockIQ4_XS {
  static constexpr int32_t kElements = 256;
  Half scale;
  Bits16 high_scales;      // two bits a group of 32
  uint8_t low_scales[4];   // four bits a group
  uint8_t nibbles[8][16];  // a group as in Q4_0
};
static_assert(sizeof(BlockIQ4_XS) == 136);

// Scale of group g (0..7) of IQ4_XS, -32..31.
inline int iq4_scale(const BlockIQ4_XS& block, int g) {
  const int low = block.low_scales[g / 2] >> (g % 2 * 4) & 15;
  return (low | (block.high_scales.bits() >> (2 * g) & 3) << 4) - 32;
}

inline void expand(const BlockIQ4_NL& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(kIq4Values[nibble_of(block.nibbles, i)]);
}

inline void expand(const BlockIQ4_XS& block, float* out) {
  const float scale = block.scale.value();
  for (int g = 0; g < 8; ++g) {
    const float group_scale = scale * static_cast<float>(iq4_scale(block, g));
    for (int i = 0; i < 32; ++i) out[g * 32 + i] = group_scale * static_cast<float>(kIq4Values[nibble_of(block.nibbles[g], i)]);
  }
}

}  // namespace kt::format
