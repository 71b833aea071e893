// MXFP4 and NVFP4: 4-bit floats (E2M1) that share a scale of 8 bits.
#pragma once

#include "kt/format/basic_quants.h"
#include "kt/format/block.h"

namespace kt::format {

struct BlockMXFP4 {
  static constexpr int32_t kElements = 32;
  uint8_t exponent;     // E8M0
  uint8_t nibbles[16];  // as in Q4_0
};
static_assert(sizeof(BlockMXFP4) == 17);

struct BlockNVFP4 {
  static constexpr int32_t kElements = 64;
  uint8_t scales[4];      // E4M3 without its sign, a group of 16
  uint8_t nibbles[4][8];  // a group: elements i (low) and 8 + i (high)
};
static_assert(sizeof(BlockNVFP4) == 36);

// Half of an E4M3 scale, for the doubled values of kE2m1Doubled. 0x7F counts as 0 and the sign is ignored, as writers of GGUF
// files agree.
inline float nvfp4_half_scale(uint8_t scale) {
  if (scale == 0x7F) return 0.0f;
  return 0.5f * small_float(0, scale >> 3 & 15u, scale & 7u, 3, 7);
}

inline void expand(const BlockMXFP4& block, float* out) {
  const float scale = f32_from_e8m0_half(block.exponent);
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(kE2m1Doubled[nibble_of(block.nibbles, i)]);
}

inline void expand(const BlockNVFP4& block, float* out) {
  for (int g = 0; g < 4; ++g) {
    const float scale = nvfp4_half_scale(block.scales[g]);
    for (int i = 0; i < 8; ++i) {
      out[g * 16 + i] = scale * static_cast<float>(kE2m1Doubled[block.nibbles[g][i] & 15]);
      out[g * 16 + 8 + i] = scale * static_cast<float>(kE2m1Doubled[block.nibbles[g][i] >> 4]);
    }
  }
}

}  // namespace kt::format
