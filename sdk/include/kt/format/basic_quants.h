// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1: 32 elements that share a scale, those ending in 1 an offset too.
// The nibbles of the first 16 elements are the low halves of the bytes, those of the last 16 the high halves.
#pragma once

#include "kt/format/block.h"

namespace kt::format {

struct BlockQ4_0 {
  static constexpr int32_t kElements = 32;
  Half scale;
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ4_0) == 18 && alignof(BlockQ4_0) == 1);

struct BlockQ4_1 {
  static constexpr int32_t kElements = 32;
  Half scale, offset;
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ4_1) == 20);

struct BlockQ5_0 {
  static constexpr int32_t kElements = 32;
  Half scale;
  uint8_t fifth_bits[4];  // bit i belongs to element i
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ5_0) == 22);

struct BlockQ5_1 {
  static constexpr int32_t kElements = 32;
  Half scale, offset;
  uint8_t fifth_bits[4];
  uint8_t nibbles[16];
};
static_assert(sizeof(BlockQ5_1) == 24);

struct BlockQ8_0 {
  static constexpr int32_t kElements = 32;
  Half scale;
  int8_t values[32];
};
static_assert(sizeof(BlockQ8_0) == 34 && alignof(BlockQ8_0) == 1);

struct BlockQ8_1 {
  static constexpr int32_t kElements = 32;
  Half scale, sum;  // sum: scale times the sum of the values, for products with types that have an offset
  int8_t values[32];
};
static_assert(sizeof(BlockQ8_1) == 36);

// Unsigned 4-bit code of element i of 32.
inline int nibble_of(const uint8_t (&nibbles)[16], int i) { return i < 16 ? nibbles[i] & 15 : nibbles[i - 16] >> 4; }

inline int five_bits_of(const uint8_t (&nibbles)[16], const uint8_t (&fifth_bits)[4], int i) {
  return nibble_of(nibbles, i) | (fifth_bits[i / 8] >> (i % 8) & 1) << 4;
}

inline void expand(const BlockQ4_0& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(nibble_of(block.nibbles, i) - 8);
}

inline void expand(const BlockQ4_1& block, float* out) {
  const float scale = block.scale.value(), offset = block.offset.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(nibble_of(block.nibbles, i)) + offset;
}

inline void expand(const BlockQ5_0& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(five_bits_of(block.nibbles, block.fifth_bits, i) - 16);
}

inline void expand(const BlockQ5_1& block, float* out) {
  const float scale = block.scale.value(), offset = block.offset.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(five_bits_of(block.nibbles, block.fifth_bits, i)) + offset;
}

inline void expand(const BlockQ8_0& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(block.values[i]);
}

inline void expand(const BlockQ8_1& block, float* out) {
  const float scale = block.scale.value();
  for (int i = 0; i < 32; ++i) out[i] = scale * static_cast<float>(block.values[i]);
}

}  // namespace kt::format
