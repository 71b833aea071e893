// A register of floats with the operations that row kernels need, on AVX-512 or AVX2.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

namespace kt::cpu {

// Elements of K/V pages and of casts as they lie in memory.
struct F16 {
  uint16_t bits;
};
struct Bf16 {
  uint16_t bits;
};

#if defined(__AVX512F__)

struct Vec {
  static constexpr int64_t kLanes = 16;
  __m512 v;
};

inline Vec vec_set(float x) { return {_mm512_set1_ps(x)}; }
inline Vec vec_zero() { return {_mm512_setzero_ps()}; }
inline Vec vec_fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }    // a * b + c
inline Vec vec_fnma(Vec a, Vec b, Vec c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }  // c - a * b
inline Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
// b where either is NaN.
inline Vec vec_max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
inline Vec vec_min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
inline Vec vec_round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec vec_abs(Vec a) { return {_mm512_abs_ps(a.v)}; }
// `a` with its sign flipped where `sign` is negative.
inline Vec vec_flip_sign(Vec a, Vec sign) {
  const __m512i bit = _mm512_and_si512(_mm512_castps_si512(sign.v), _mm512_set1_epi32(INT32_MIN));
  return {_mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(a.v), bit))};
}
// a < b ? yes : no; `no` where either is NaN.
inline Vec vec_if_less(Vec a, Vec b, Vec yes, Vec no) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), no.v, yes.v)};
}
// a * 2^n for integral n in [-400, 400]; one rounding.
inline Vec vec_scale_exp2(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }
// Lanes [begin, end) of `inside`, the others of `outside`.
inline Vec vec_select(Vec inside, Vec outside, int64_t begin, int64_t end) {
  const uint32_t below_end = end >= 16 ? 0xFFFFu : end <= 0 ? 0u : (1u << end) - 1u;
  const uint32_t below_begin = begin >= 16 ? 0xFFFFu : begin <= 0 ? 0u : (1u << begin) - 1u;
  return {_mm512_mask_mov_ps(outside.v, static_cast<__mmask16>(below_end & ~below_begin), inside.v)};
}

inline Vec vec_load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline Vec vec_load(const F16* p) { return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))}; }
inline Vec vec_load(const Bf16* p) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return {_mm512_castsi512_ps(_mm512_slli_epi32(wide, 16))};
}
inline Vec vec_load(const int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
inline __mmask16 first_lanes(int64_t count) { return static_cast<__mmask16>((1u << count) - 1u); }
// The first `count` (0..kLanes) elements, zero in the other lanes; memory behind them is not touched.
inline Vec vec_load_part(const float* p, int64_t count) { return {_mm512_maskz_loadu_ps(first_lanes(count), p)}; }
inline void vec_store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline void vec_store_part(float* p, Vec a, int64_t count) { _mm512_mask_storeu_ps(p, first_lanes(count), a.v); }
inline __m256i vec_to_f16(Vec a) { return _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline __m256i vec_to_bf16(Vec a) {
  const __m512i bits = _mm512_castps_si512(a.v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF))), 16);
  const __m512i quiet = _mm512_or_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(0x40));
  return _mm512_cvtepi32_epi16(_mm512_mask_blend_epi32(_mm512_cmp_ps_mask(a.v, a.v, _CMP_UNORD_Q), rounded, quiet));
}
inline void vec_store(F16* p, Vec a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), vec_to_f16(a)); }
inline void vec_store(Bf16* p, Vec a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), vec_to_bf16(a)); }
// Sums and maxima of the lanes, always over the same tree.
inline float vec_sum(Vec a) {
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
inline float vec_largest(Vec a) { return _mm512_reduce_max_ps(a.v); }
// The sums of four vectors, each over the same tree, to out[0..4).
inline void vec_sum_four(Vec a, Vec b, Vec c, Vec d, float* out) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a.v, b.v), _mm512_unpackhi_ps(a.v, b.v));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c.v, d.v), _mm512_unpackhi_ps(c.v, d.v));
  const __m512 low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  const __m512 high = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  const __m512 all = _mm512_add_ps(low, high);
  const __m256 half = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1)));
}

#else

struct Vec {
  static constexpr int64_t kLanes = 8;
  __m256 v;
};

inline Vec vec_set(float x) { return {_mm256_set1_ps(x)}; }
inline Vec vec_zero() { return {_mm256_setzero_ps()}; }
inline Vec vec_fma(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec vec_fnma(Vec a, Vec b, Vec c) { return {_mm256_fnmadd_ps(a.v, b.v, c.v)}; }
inline Vec operator+(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec operator-(Vec a, Vec b) { return {_mm256_sub_ps(a.v, b.v)}; }
inline Vec operator*(Vec a, Vec b) { return {_mm256_mul_ps(a.v, b.v)}; }
inline Vec operator/(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }
inline Vec vec_max(Vec a, Vec b) { return {_mm256_max_ps(a.v, b.v)}; }
inline Vec vec_min(Vec a, Vec b) { return {_mm256_min_ps(a.v, b.v)}; }
inline Vec vec_round(Vec a) { return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
inline Vec vec_abs(Vec a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
inline Vec vec_flip_sign(Vec a, Vec sign) { return {_mm256_xor_ps(a.v, _mm256_and_ps(sign.v, _mm256_set1_ps(-0.0f)))}; }
inline Vec vec_if_less(Vec a, Vec b, Vec yes, Vec no) {
  return {_mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ))};
}
// Two factors, so that neither overflows; the first product is exact, so there is one rounding.
inline Vec vec_scale_exp2(Vec a, Vec n) {
  const __m256i whole = _mm256_cvtps_epi32(_mm256_max_ps(_mm256_set1_ps(-252.0f), _mm256_min_ps(_mm256_set1_ps(252.0f), n.v)));
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256i bias = _mm256_set1_epi32(127);
  const __m256 first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  const __m256 second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(whole, half), bias), 23));
  return {_mm256_mul_ps(_mm256_mul_ps(a.v, first), second)};
}
inline __m256i lane_numbers() { return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7); }
inline __m256i first_lanes(int64_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(count)), lane_numbers());
}
inline Vec vec_select(Vec inside, Vec outside, int64_t begin, int64_t end) {
  const __m256i skipped = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int32_t>(begin)), lane_numbers());
  return {_mm256_blendv_ps(outside.v, inside.v, _mm256_castsi256_ps(_mm256_andnot_si256(skipped, first_lanes(end))))};
}

inline Vec vec_load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline Vec vec_load(const F16* p) { return {_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))}; }
inline Vec vec_load(const Bf16* p) {
  const __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return {_mm256_castsi256_ps(_mm256_slli_epi32(wide, 16))};
}
inline Vec vec_load(const int8_t* p) {
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
inline Vec vec_load_part(const float* p, int64_t count) { return {_mm256_maskload_ps(p, first_lanes(count))}; }
inline void vec_store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline void vec_store_part(float* p, Vec a, int64_t count) { _mm256_maskstore_ps(p, first_lanes(count), a.v); }
inline __m128i vec_to_f16(Vec a) { return _mm256_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline __m128i vec_to_bf16(Vec a) {
  const __m256i bits = _mm256_castps_si256(a.v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
  const __m256i quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(0x40));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(a.v, a.v, _CMP_UNORD_Q));
  const __m256i chosen = _mm256_blendv_epi8(rounded, quiet, nan);
  return _mm_packus_epi32(_mm256_castsi256_si128(chosen), _mm256_extracti128_si256(chosen, 1));
}
inline void vec_store(F16* p, Vec a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), vec_to_f16(a)); }
inline void vec_store(Bf16* p, Vec a) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), vec_to_bf16(a)); }
inline float vec_sum(Vec a) {
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
inline void vec_sum_four(Vec a, Vec b, Vec c, Vec d, float* out) {
  const __m256 ab = _mm256_add_ps(_mm256_unpacklo_ps(a.v, b.v), _mm256_unpackhi_ps(a.v, b.v));
  const __m256 cd = _mm256_add_ps(_mm256_unpacklo_ps(c.v, d.v), _mm256_unpackhi_ps(c.v, d.v));
  const __m256 low = _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
  const __m256 high = _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(ab), _mm256_castps_pd(cd)));
  const __m256 all = _mm256_add_ps(low, high);
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}
inline float vec_largest(Vec a) {
  const __m128 quarter = _mm_max_ps(_mm256_castps256_ps128(a.v), _mm256_extractf128_ps(a.v, 1));
  const __m128 pair = _mm_max_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_max_ss(pair, _mm_movehdup_ps(pair)));
}

#endif

inline constexpr int64_t kLanes = Vec::kLanes;

// Types of two bytes have no masked load in every instruction set: the part goes through a buffer.
template <class T>
inline Vec vec_load_part(const T* p, int64_t count) {
  T buffer[kLanes] = {};
  std::memcpy(buffer, p, static_cast<size_t>(count) * sizeof(T));
  return vec_load(buffer);
}
template <class T>
inline void vec_store_part(T* p, Vec a, int64_t count) {
  T buffer[kLanes];
  vec_store(buffer, a);
  std::memcpy(p, buffer, static_cast<size_t>(count) * sizeof(T));
}

// f(i, count) for every vector of [0, n): count is kLanes, and less for the last one only.
template <class F>
inline void for_each_vector(int64_t n, F&& f) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) f(i, kLanes);
  if (i < n) f(i, n - i);
}
// Loads and stores for for_each_vector, whose whole vectors take the short way.
template <class T>
inline Vec vec_load_upto(const T* p, int64_t count) {
  return count == kLanes ? vec_load(p) : vec_load_part(p, count);
}
template <class T>
inline void vec_store_upto(T* p, Vec a, int64_t count) {
  if (count == kLanes)
    vec_store(p, a);
  else
    vec_store_part(p, a, count);
}

}  // namespace kt::cpu
