// Q2_K to Q6_K and Q8_K: 256 elements in groups of 16 or 32, whose scales are themselves quantised.
#pragma once

#include "kt/format/block.h"

namespace kt::format {

struct BlockQ2_K {
  static constexpr int32_t kElements = 256;
  uint8_t scales[16];  // a group of 16: low nibble its scale, high nibble its minimum
  uint8_t pairs[64];   // bits 2p, 2p+1 of byte 32h+i: element 128h + 32p + i
  Half scale, minimum;
};
static_assert(sizeof(BlockQ2_K) == 84);

struct BlockQ3_K {
  static constexpr int32_t kElements = 256;
  uint8_t third_bits[32];  // bit g of byte i: element 32g + i; a set bit adds 4
  uint8_t pairs[64];       // as in Q2_K
  uint8_t scales[12];      // 16 times 6 bits: low nibbles in bytes 0..7, high pairs in bytes 8..11
  Half scale;
};
static_assert(sizeof(BlockQ3_K) == 110);

struct BlockQ4_K {
  static constexpr int32_t kElements = 256;
  Half scale, minimum;
  uint8_t scales[12];    // 8 scales and 8 minimums of 6 bits, see k_scale()
  uint8_t nibbles[128];  // byte 32g + i: elements 64g + i (low) and 64g + 32 + i (high)
};
static_assert(sizeof(BlockQ4_K) == 144 && alignof(BlockQ4_K) == 1);

struct BlockQ5_K {
  static constexpr int32_t kElements = 256;
  Half scale, minimum;
  uint8_t scales[12];
  uint8_t fifth_bits[32];  // bit g of byte i: element 32g + i
  uint8_t nibbles[128];    // as in Q4_K
};
static_assert(sizeof(BlockQ5_K) == 176);

struct BlockQ6_K {
  static constexpr int32_t kElements = 256;
  uint8_t nibbles[128];  // byte 64h + i: elements 128h + i (low) and 128h + 64 + i (high), i < 64
  uint8_t pairs[64];     // bits 2p, 2p+1 of byte 32h+i: element 128h + 32p + i
  int8_t scales[16];     // a group of 16
  Half scale;
};
static_assert(sizeof(BlockQ6_K) == 210 && alignof(BlockQ6_K) == 1);

struct BlockQ8_K {
  static constexpr int32_t kElements = 256;
  uint8_t scale[4];  // f32
  int8_t values[256];
  Bits16 sums[16];  // of 16 values each
};
static_assert(sizeof(BlockQ8_K) == 292);

// Scale of group g (0..7) of Q4_K and Q5_K.
inline int k_scale(const uint8_t (&scales)[12], int g) {
  return g < 4 ? scales[g] & 63 : (scales[g + 4] & 15) | (scales[g - 4] >> 6) << 4;
}

// Minimum of group g (0..7) of Q4_K and Q5_K.
inline int k_minimum(const uint8_t (&scales)[12], int g) {
  return g < 4 ? scales[g + 4] & 63 : scales[g + 4] >> 4 | (scales[g] >> 6) << 4;
}

// Scale of group g (0..15) of Q3_K, -32..31.
inline int q3_scale(const uint8_t (&scales)[12], int g) {
  const int low = scales[g % 8] >> (g / 8 * 4) & 15;
  const int high = scales[8 + g % 4] >> (g / 4 * 2) & 3;
  return (low | high << 4) - 32;
}

// Two bits of element i of 256, as Q2_K, Q3_K and Q6_K order them.
inline int pair_of(const uint8_t (&pairs)[64], int i) { return pairs[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3; }

// Four bits of element i of 256, as Q4_K and Q5_K order them.
inline int k_nibble(const uint8_t (&nibbles)[128], int i) { return nibbles[i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15; }

inline void expand(const BlockQ2_K& block, float* out) {
  const float scale = block.scale.value(), minimum = block.minimum.value();
  for (int g = 0; g < 16; ++g) {
    const float group_scale = scale * static_cast<float>(block.scales[g] & 15);
    const float group_minimum = minimum * static_cast<float>(block.scales[g] >> 4);
    for (int i = g * 16; i < g * 16 + 16; ++i) out[i] = group_scale * static_cast<float>(pair_of(block.pairs, i)) - group_minimum;
  }
}

inline void expand(const BlockQ3_K& block, float* out) {
  const float scale = block.scale.value();
  for (int g = 0; g < 16; ++g) {
    const float group_scale = scale * static_cast<float>(q3_scale(block.scales, g));
    for (int i = g * 16; i < g * 16 + 16; ++i) {
      const int third = block.third_bits[i % 32] >> (i / 32) & 1;
      out[i] = group_scale * static_cast<float>(pair_of(block.pairs, i) + 4 * third - 4);
    }
  }
}

inline void expand(const BlockQ4_K& block, float* out) {
  const float scale = block.scale.value(), minimum = block.minimum.value();
  for (int g = 0; g < 8; ++g) {
    const float group_scale = scale * static_cast<float>(k_scale(block.scales, g));
    const float group_minimum = minimum * static_cast<float>(k_minimum(block.scales, g));
    for (int i = g * 32; i < g * 32 + 32; ++i)
      out[i] = group_scale * static_cast<float>(k_nibble(block.nibbles, i)) - group_minimum;
  }
}

inline void expand(const BlockQ5_K& block, float* out) {
  const float scale = block.scale.value(), minimum = block.minimum.value();
  for (int g = 0; g < 8; ++g) {
    const float group_scale = scale * static_cast<float>(k_scale(block.scales, g));
    const float group_minimum = minimum * static_cast<float>(k_minimum(block.scales, g));
    for (int i = g * 32; i < g * 32 + 32; ++i) {
      const int code = k_nibble(block.nibbles, i) | (block.fifth_bits[i % 32] >> g & 1) << 4;
      out[i] = group_scale * static_cast<float>(code) - group_minimum;
    }
  }
}

inline void expand(const BlockQ6_K& block, float* out) {
  const float scale = block.scale.value();
  for (int g = 0; g < 16; ++g) {
    const float group_scale = scale * static_cast<float>(block.scales[g]);
    for (int i = g * 16; i < g * 16 + 16; ++i) {
      const int low = block.nibbles[i / 128 * 64 + i % 64] >> (i / 64 % 2 * 4) & 15;
      out[i] = group_scale * static_cast<float>((low | pair_of(block.pairs, i) << 4) - 32);
    }
  }
}

inline void expand(const BlockQ8_K& block, float* out) {
  const float scale = float_from_bits(load_u32(block.scale));
  for (int i = 0; i < 256; ++i) out[i] = scale * static_cast<float>(block.values[i]);
}

}  // namespace kt::format
