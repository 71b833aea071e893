// Rounding of rows to the types that a KV cache may have. All plugins round alike, so that one reads what another wrote.
#pragma once

#include <cmath>

#include "kt/abi.h"
#include "kt/format/basic_quants.h"

namespace kt::format {

inline constexpr int64_t kCacheBlock = 32;  // elements that share a scale in the block types of a cache

inline Half half_of(float value) {
  const uint16_t bits = f16_from_f32(value);
  return Half{{static_cast<uint8_t>(bits & 0xFF), static_cast<uint8_t>(bits >> 8)}};
}

// The element of largest magnitude, with its sign; NaN if an element is no finite number.
inline float largest_of(const float* x) {
  float most = 0, sum = 0;
  for (int64_t i = 0; i < kCacheBlock; ++i) {
    sum += x[i] * 0.0f;
    if (std::fabs(x[i]) > std::fabs(most)) most = x[i];
  }
  return sum == 0 ? most : float_from_bits(0x7FC00000u);
}

// Scale such that `largest` becomes `levels`, as it is stored, and its inverse: 0 for a row of zeros. Values too large for the
// scale give infinity, which shows in what is read.
struct CacheScale {
  CacheScale(float largest, float levels) : stored(half_of(largest / levels)) {
    const float value = stored.value();
    inverse = value != 0 && std::isfinite(value) ? 1.0f / value : 0.0f;
  }
  Half stored;
  float inverse;
};

inline int rounded(float x, float low, float high) {
  return static_cast<int>(std::nearbyint(std::fmin(std::fmax(x, low), high)));
}

inline void round_block(const float* x, BlockQ8_0& block) {
  const CacheScale scale(std::fabs(largest_of(x)), 127);
  block.scale = scale.stored;
  for (int i = 0; i < 32; ++i) block.values[i] = static_cast<int8_t>(rounded(x[i] * scale.inverse, -127, 127));
}

// Codes 0..15 stand for -8..7: the largest element becomes -8.
inline void round_block(const float* x, BlockQ4_0& block) {
  const CacheScale scale(largest_of(x), -8);
  block.scale = scale.stored;
  const auto code = [&](int i) { return static_cast<uint8_t>(rounded(x[i] * scale.inverse, -8, 7) + 8); };
  for (int i = 0; i < 16; ++i) block.nibbles[i] = static_cast<uint8_t>(code(i) | code(i + 16) << 4);
}

// Whether rows of a cache can have this type.
inline bool is_cache_type(int32_t dtype) {
  return dtype == KT_F32 || dtype == KT_F16 || dtype == KT_BF16 || dtype == KT_Q8_0 || dtype == KT_Q4_0;
}

inline bool is_cache_block_type(int32_t dtype) { return dtype == KT_Q8_0 || dtype == KT_Q4_0; }

// Elements from one row of a state to the next: rows of block types take whole blocks, whose last elements are zero.
inline int64_t cache_row_elements(int32_t dtype, int64_t elements) {
  return is_cache_block_type(dtype) ? (elements + kCacheBlock - 1) / kCacheBlock * kCacheBlock : elements;
}

template <class Block>
void round_blocks(const float* x, Block* blocks, int64_t elements) {
  int64_t i = 0;
  for (; i + kCacheBlock <= elements; i += kCacheBlock) round_block(x + i, *blocks++);
  if (i == elements) return;
  float last[kCacheBlock] = {};
  std::memcpy(last, x + i, static_cast<size_t>(elements - i) * sizeof(float));
  round_block(last, *blocks);
}

// Writes `elements` values at `to`; the type must be one of is_cache_type(). What is left of the last block becomes zero.
inline void round_row(int32_t dtype, const float* x, void* to, int64_t elements) {
  if (dtype == KT_F32) {
    std::memcpy(to, x, static_cast<size_t>(elements) * sizeof(float));
  } else if (dtype == KT_Q8_0) {
    round_blocks(x, static_cast<BlockQ8_0*>(to), elements);
  } else if (dtype == KT_Q4_0) {
    round_blocks(x, static_cast<BlockQ4_0*>(to), elements);
  } else {
    for (int64_t i = 0; i < elements; ++i) {
      const uint16_t half = dtype == KT_F16 ? f16_from_f32(x[i]) : bf16_from_f32(x[i]);
      std::memcpy(static_cast<char*>(to) + 2 * i, &half, sizeof half);
    }
  }
}

}  // namespace kt::format
