// IQ1_S to IQ3_S: groups of 8 or 4 elements are entries of a codebook, with signs and small scales beside them.
#pragma once

#include <bit>

#include "kt/format/block.h"
#include "kt/format/iq_grids.h"

namespace kt::format {

struct BlockIQ2_XXS {
  static constexpr int32_t kElements = 256;
  Half scale;
  uint8_t groups[8][8];  // of 32: four entries, then 4 x 7 sign bits and a scale of 4 bits
};
static_assert(sizeof(BlockIQ2_XXS) == 66);

struct BlockIQ2_XS {
  static constexpr int32_t kElements = 256;
  Half scale;
  Bits16 codes[32];   // of 8: entry (9 bits) and sign bits (7)
  uint8_t scales[8];  // four bits a group of 16
};
static_assert(sizeof(BlockIQ2_XS) == 74);

struct BlockIQ2_S {
  static constexpr int32_t kElements = 256;
  Half scale;
  uint8_t codes[32];  // of 8: low eight bits of the entry
  uint8_t signs[32];
  uint8_t high[8];    // two further bits an entry
  uint8_t scales[8];  // four bits a group of 16
};
static_assert(sizeof(BlockIQ2_S) == 82);

struct BlockIQ3_XXS {
  static constexpr int32_t kElements = 256;
  Half scale;
  uint8_t codes[64];     // of 4
  uint8_t groups[8][4];  // of 32: 4 x 7 sign bits and a scale of 4 bits
};
static_assert(sizeof(BlockIQ3_XXS) == 98);

struct BlockIQ3_S {
  static constexpr int32_t kElements = 256;
  Half scale;
  uint8_t codes[64];  // of 4: low eight bits of the entry
  uint8_t high[8];    // the ninth
  uint8_t signs[32];
  uint8_t scales[4];  // four bits a group of 32
};
static_assert(sizeof(BlockIQ3_S) == 110);

struct BlockIQ1_S {
  static constexpr int32_t kElements = 256;
  Half scale;
  uint8_t codes[32];  // of 8: low eight bits of the entry
  Bits16 high[8];     // of 32: 4 x 3 further bits, a scale of 3 bits, the sign of the shift
};
static_assert(sizeof(BlockIQ1_S) == 50);

struct BlockIQ1_M {
  static constexpr int32_t kElements = 256;
  uint8_t codes[32];  // of 8: low eight bits of the entry
  uint8_t high[16];   // of 8, a nibble: three further bits and the sign of the shift
  Bits16 scales[4];   // 4 x 3 bits, each for 16; the four top nibbles are the f16 scale of the block
};
static_assert(sizeof(BlockIQ1_M) == 56);

// Signs of 8 elements from 7 bits; the eighth makes their number even.
inline uint32_t even_signs(uint32_t seven_bits) {
  return seven_bits | (static_cast<uint32_t>(std::popcount(seven_bits)) & 1u) << 7;
}

inline float with_sign(float value, uint32_t signs, int i) { return (signs >> i & 1u) != 0 ? -value : value; }

// Eight elements of an IQ2 codebook entry: two bits each choose one of three magnitudes.
inline void expand_iq2_entry(uint16_t entry, uint32_t signs, float scale, float* out) {
  constexpr float kMagnitude[4] = {8.0f, 25.0f, 43.0f, 0.0f};
  for (int i = 0; i < 8; ++i) out[i] = with_sign(scale * kMagnitude[entry >> (2 * i) & 3], signs, i);
}

// Eight elements of an IQ1 codebook entry: two bits each are -1, 0 or 1, all shifted by `shift`.
inline void expand_iq1_entry(uint16_t entry, float shift, float scale, float* out) {
  for (int i = 0; i < 8; ++i) out[i] = scale * (static_cast<float>((entry >> (2 * i) & 3) - 1) + shift);
}

inline void expand(const BlockIQ2_XXS& block, float* out) {
  const float scale = block.scale.value();
  for (int g = 0; g < 8; ++g) {
    const uint32_t signs = load_u32(block.groups[g] + 4);
    const float group_scale = scale * (0.5f + static_cast<float>(signs >> 28)) * 0.25f;
    for (int i = 0; i < 4; ++i)
      expand_iq2_entry(kIq2xxsGrid[block.groups[g][i]], even_signs(signs >> (7 * i) & 127u), group_scale, out + g * 32 + i * 8);
  }
}

inline float iq2_group_scale(float scale, const uint8_t (&scales)[8], int entry) {
  const int nibble = scales[entry / 4] >> (entry / 2 % 2 * 4) & 15;
  return scale * (0.5f + static_cast<float>(nibble)) * 0.25f;
}

inline void expand(const BlockIQ2_XS& block, float* out) {
  const float scale = block.scale.value();
  for (int e = 0; e < 32; ++e) {
    const uint32_t code = block.codes[e].bits();
    expand_iq2_entry(kIq2xsGrid[code & 511u], even_signs(code >> 9), iq2_group_scale(scale, block.scales, e), out + e * 8);
  }
}

inline void expand(const BlockIQ2_S& block, float* out) {
  const float scale = block.scale.value();
  for (int e = 0; e < 32; ++e) {
    const int index = block.codes[e] | (block.high[e / 4] >> (e % 4 * 2) & 3) << 8;
    expand_iq2_entry(kIq2sGrid[index], block.signs[e], iq2_group_scale(scale, block.scales, e), out + e * 8);
  }
}

inline void expand(const BlockIQ3_XXS& block, float* out) {
  constexpr float kMagnitude[8] = {4, 12, 20, 28, 36, 44, 52, 62};
  const float scale = block.scale.value();
  for (int i = 0; i < 256; ++i) {
    const uint32_t packed = load_u32(block.groups[i / 32]);
    const float group_scale = scale * (0.5f + static_cast<float>(packed >> 28)) * 0.5f;
    const uint32_t signs = even_signs(packed >> (7 * (i / 8 % 4)) & 127u);
    const int code = kIq3xxsGrid[block.codes[i / 4]] >> (4 * (i % 4)) & 7;
    out[i] = with_sign(group_scale * kMagnitude[code], signs, i % 8);
  }
}

inline void expand(const BlockIQ3_S& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 256; ++i) {
    const int nibble = block.scales[i / 64] >> (i / 32 % 2 * 4) & 15;
    const float group_scale = scale * static_cast<float>(1 + 2 * nibble);
    const int index = block.codes[i / 4] | (block.high[i / 32] >> (i / 4 % 8) & 1) << 8;
    const int code = kIq3sGrid[index] >> (4 * (i % 4)) & 7;
    out[i] = with_sign(group_scale * static_cast<float>(1 + 2 * code), block.signs[i / 8], i % 8);
  }
}

inline constexpr float kIq1Shift = 0.125f;

inline void expand(const BlockIQ1_S& block, float* out) {
  const float scale = block.scale.value();
  for (int e = 0; e < 32; ++e) {
    const int high = block.high[e / 4].bits();
    const float group_scale = scale * static_cast<float>(2 * (high >> 12 & 7) + 1);
    const float shift = (high & 0x8000) != 0 ? -kIq1Shift : kIq1Shift;
    const int index = block.codes[e] | (high >> (3 * (e % 4)) & 7) << 8;
    expand_iq1_entry(kIq1Grid[index], shift, group_scale, out + e * 8);
  }
}

inline float iq1m_scale(const BlockIQ1_M& block) {
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) bits |= (uint32_t{block.scales[i].bits()} >> 12) << (4 * i);
  return f32_from_f16(static_cast<uint16_t>(bits));
}

inline void expand(const BlockIQ1_M& block, float* out) {
  const float scale = iq1m_scale(block);
  for (int e = 0; e < 32; ++e) {
    const float group_scale = scale * static_cast<float>(2 * (block.scales[e / 8].bits() >> (3 * (e / 2 % 4)) & 7) + 1);
    const int high = block.high[e / 2] >> (e % 2 * 4) & 15;
    const float shift = (high & 8) != 0 ? -kIq1Shift : kIq1Shift;
    expand_iq1_entry(kIq1Grid[block.codes[e] | (high & 7) << 8], shift, group_scale, out + e * 8);
  }
}

}  // namespace kt::format
