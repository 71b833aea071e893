// Registers that hold one 32-bit word of kTileRows weight rows each, and the operations that panels are computed with.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {

// Lane r of every register belongs to weight row r of a tile.
inline constexpr int kTileRows = static_cast<int>(kLanes);

#if defined(__AVX512F__)

using Words = __m512i;

inline Words words_set(uint32_t value) { return _mm512_set1_epi32(static_cast<int32_t>(value)); }
inline Words words_zero() { return _mm512_setzero_si512(); }
inline Words words_and(Words a, Words b) { return _mm512_and_si512(a, b); }
inline Words words_or(Words a, Words b) { return _mm512_or_si512(a, b); }
inline Words words_xor(Words a, Words b) { return _mm512_xor_si512(a, b); }
inline Words words_add(Words a, Words b) { return _mm512_add_epi32(a, b); }
inline Words words_right(Words a, int bits) { return _mm512_srli_epi32(a, static_cast<unsigned>(bits)); }
inline Words words_left(Words a, int bits) { return _mm512_slli_epi32(a, static_cast<unsigned>(bits)); }
// Sign-extended byte `byte` of every word.
inline Words words_signed_byte(Words a, int byte) {
  return _mm512_srai_epi32(_mm512_slli_epi32(a, static_cast<unsigned>(24 - 8 * byte)), 24);
}
// Each byte 0..15 becomes table[byte].
inline Words words_lookup(const int8_t* table, Words index) {
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), index);
}
inline Vec words_to_float(Words a) { return {_mm512_cvtepi32_ps(a)}; }
inline Vec words_as_float(Words a) { return {_mm512_castsi512_ps(a)}; }
// The f16 in the lower half of every word.
inline Vec words_low_f16(Words a) { return {_mm512_cvtph_ps(_mm512_cvtepi32_epi16(a))}; }
inline Words words_load(const void* p) { return _mm512_loadu_si512(p); }

// 16 bytes at `offset` of each row, as four words: out[j] lane r = word j of row r.
inline void load_columns(const uint8_t* const* rows, int64_t offset, Words* out) {
  const auto piece = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
  const auto four = [&](int r) {
    const __m256i low = _mm256_inserti128_si256(_mm256_castsi128_si256(piece(r)), piece(r + 4), 1);
    const __m256i high = _mm256_inserti128_si256(_mm256_castsi128_si256(piece(r + 8)), piece(r + 12), 1);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
  };
  const __m512i a = four(0), b = four(1), c = four(2), d = four(3);
  const __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
  out[0] = _mm512_unpacklo_epi64(ab_low, cd_low);
  out[1] = _mm512_unpackhi_epi64(ab_low, cd_low);
  out[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
  out[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

// 32 bytes at `offset` of each row, as eight words. Fewer instructions than twice load_columns().
inline void load_columns_32(const uint8_t* const* rows, int64_t offset, Words* out) {
  const auto piece = [&](int r) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r] + offset)); };
  const auto two = [&](int r) { return _mm512_inserti64x4(_mm512_castsi256_si512(piece(r)), piece(r + 4), 1); };
  __m512i half[2][4];  // of rows 0..7 and 8..15: words j and j + 4 of four rows, then of the next four
  for (int h = 0; h < 2; ++h) {
    const __m512i a = two(8 * h), b = two(8 * h + 1), c = two(8 * h + 2), d = two(8 * h + 3);
    const __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
    half[h][0] = _mm512_unpacklo_epi64(ab_low, cd_low);
    half[h][1] = _mm512_unpackhi_epi64(ab_low, cd_low);
    half[h][2] = _mm512_unpacklo_epi64(ab_high, cd_high);
    half[h][3] = _mm512_unpackhi_epi64(ab_high, cd_high);
  }
  for (int j = 0; j < 4; ++j) {
    out[j] = _mm512_shuffle_i32x4(half[0][j], half[1][j], 0x88);
    out[4 + j] = _mm512_shuffle_i32x4(half[0][j], half[1][j], 0xDD);
  }
}

// Adds to every lane the products of its four unsigned bytes with the four signed bytes of x. Exact.
inline Words dot_unsigned(Words sum, Words weights, Words x) { return _mm512_dpbusd_epi32(sum, weights, x); }

#else

using Words = __m256i;

inline Words words_set(uint32_t value) { return _mm256_set1_epi32(static_cast<int32_t>(value)); }
inline Words words_zero() { return _mm256_setzero_si256(); }
inline Words words_and(Words a, Words b) { return _mm256_and_si256(a, b); }
inline Words words_or(Words a, Words b) { return _mm256_or_si256(a, b); }
inline Words words_xor(Words a, Words b) { return _mm256_xor_si256(a, b); }
inline Words words_add(Words a, Words b) { return _mm256_add_epi32(a, b); }
inline Words words_right(Words a, int bits) { return _mm256_srli_epi32(a, bits); }
inline Words words_left(Words a, int bits) { return _mm256_slli_epi32(a, bits); }
inline Words words_signed_byte(Words a, int byte) { return _mm256_srai_epi32(_mm256_slli_epi32(a, 24 - 8 * byte), 24); }
inline Words words_lookup(const int8_t* table, Words index) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table))), index);
}
inline Vec words_to_float(Words a) { return {_mm256_cvtepi32_ps(a)}; }
inline Vec words_as_float(Words a) { return {_mm256_castsi256_ps(a)}; }
inline Vec words_low_f16(Words a) {
  const Words low = words_and(a, words_set(0xFFFF));
  return {_mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)))};
}
inline Words words_load(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }

inline void load_columns(const uint8_t* const* rows, int64_t offset, Words* out) {
  const auto piece = [&](int r) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[r] + offset)); };
  const auto two = [&](int r) { return _mm256_inserti128_si256(_mm256_castsi128_si256(piece(r)), piece(r + 4), 1); };
  const __m256i a = two(0), b = two(1), c = two(2), d = two(3);
  const __m256i ab_low = _mm256_unpacklo_epi32(a, b), ab_high = _mm256_unpackhi_epi32(a, b);
  const __m256i cd_low = _mm256_unpacklo_epi32(c, d), cd_high = _mm256_unpackhi_epi32(c, d);
  out[0] = _mm256_unpacklo_epi64(ab_low, cd_low);
  out[1] = _mm256_unpackhi_epi64(ab_low, cd_low);
  out[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
  out[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
}

inline void load_columns_32(const uint8_t* const* rows, int64_t offset, Words* out) {
  load_columns(rows, offset, out);
  load_columns(rows, offset + 16, out + 4);
}

#if defined(__AVXVNNI__)

inline Words dot_unsigned(Words sum, Words weights, Words x) { return _mm256_dpbusd_avx_epi32(sum, weights, x); }
// The sign moves to x; 128 is a weight here too.
inline Words dot_signed(Words sum, Words weights, Words x) {
  return _mm256_dpbusd_avx_epi32(sum, _mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights));
}

#else

// Weights up to 127: a pair of products is at most 2 * 127 * 127, which an int16 holds.
inline Words dot_unsigned(Words sum, Words weights, Words x) {
  const __m256i pairs = _mm256_maddubs_epi16(weights, x);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

// Signed weights -128..127 with x >= -127: the sign moves to x, so that a pair is at most 2 * 128 * 127.
inline Words dot_signed(Words sum, Words weights, Words x) {
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#endif
#endif

// The four bytes at x in every lane.
inline Words words_broadcast(const int8_t* x) {
  uint32_t word;
  std::memcpy(&word, x, sizeof word);
  return words_set(word);
}

// One word at `offset` of each row.
inline Words load_word(const uint8_t* const* rows, int64_t offset) {
  alignas(64) uint32_t words[kTileRows];
  for (int r = 0; r < kTileRows; ++r) std::memcpy(&words[r], rows[r] + offset, sizeof(uint32_t));
  return words_load(words);
}

// The f16 at `offset` of each row; touches these two bytes only.
inline Vec load_f16(const uint8_t* const* rows, int64_t offset) {
  alignas(64) uint16_t halves[kTileRows];
  for (int r = 0; r < kTileRows; ++r) std::memcpy(&halves[r], rows[r] + offset, sizeof(uint16_t));
  return vec_load(reinterpret_cast<const F16*>(halves));
}

}  // namespace kt::cpu
