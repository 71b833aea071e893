#include "plugins/cpu/kernels/activation.h"

#include <algorithm>
#include <limits>

#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {
namespace {

// Rounds to the nearest integer; |a| stays far below 2^31.
inline void store_int8(int8_t* out, Vec a) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(a.v)));
#else
  const __m256i words = _mm256_cvtps_epi32(a.v);
  const __m128i halves = _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packs_epi16(halves, halves));
#endif
}

// Quantises `count` <= group elements, the rest of the group is zero. Returns the scale.
float convert_group(const float* x, int64_t count, int64_t group, int8_t* out) {
  Vec largest = vec_zero(), poison = vec_zero();
  for_each_vector(count, [&](int64_t i, int64_t n) {
    const Vec v = vec_load_upto(x + i, n);
    largest = vec_max(largest, vec_abs(v));
    poison = vec_fma(v, vec_zero(), poison);  // NaN as soon as v is not finite
  });
  const float top = vec_largest(largest);
  const bool finite = vec_sum(poison) == 0.0f;
  // Rows below 1e-36 are zero: their reciprocal would overflow.
  const float inverse = finite && top > 1e-36f ? 127.0f / top : 0.0f;
  for (int64_t i = 0; i < group; i += kLanes) {
    const int64_t n = std::clamp<int64_t>(count - i, 0, kLanes);
    store_int8(out + i, inverse == 0.0f ? vec_zero() : vec_load_upto(x + i, n) * vec_set(inverse));
  }
  if (!finite) return std::numeric_limits<float>::quiet_NaN();
  return inverse == 0.0f ? 0.0f : top / 127.0f;
}

int32_t sum_of(const int8_t* values, int64_t count) {
  int32_t sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

void convert_block(const ActivationForm& form, const float* x, int64_t count, Int8Block& out) {
  for (int64_t begin = 0; begin < kBlock; begin += form.scale_group) {
    const int64_t here = std::clamp<int64_t>(count - begin, 0, form.scale_group);
    const float scale = convert_group(x + begin, here, form.scale_group, out.values + begin);
    std::fill_n(out.scales + begin / 32, form.scale_group / 32, scale);
  }
  for (int64_t g = 0; g < kBlock / form.sum_group; ++g) {
    const int32_t sum = sum_of(out.values + g * form.sum_group, form.sum_group);
    out.start[g] = -form.bias * sum;
    const float scale = form.scale_group == 32 ? out.scales[g * form.sum_group / 32] : 1.0f;
    out.sums[g] = scale * static_cast<float>(sum);
  }
}

void convert_bf16(const float* x, int64_t elements, Bf16* out) {
  const int64_t padded = (elements + 31) / 32 * 32;
  for (int64_t i = 0; i < padded; i += kLanes) {
    const int64_t n = std::clamp<int64_t>(elements - i, 0, kLanes);
    vec_store(out + i, vec_load_upto(x + i, n));
  }
}

}  // namespace

int64_t activation_row_bytes(const ActivationForm& form, int64_t elements) {
  switch (form.kind) {
    case ActivationKind::kInt8:
      return (elements + kBlock - 1) / kBlock * static_cast<int64_t>(sizeof(Int8Block));
    case ActivationKind::kBf16:
      // An odd number of cache lines: the same columns of several rows do not compete for the same few places of the cache.
      return ((elements + 31) / 32 | 1) * 64;
    case ActivationKind::kF32:
      return (elements + 15) / 16 * 64;
  }
  return 0;
}

void convert_activation(const ActivationForm& form, const float* x, int64_t elements, void* out) {
  switch (form.kind) {
    case ActivationKind::kInt8:
      for (int64_t b = 0; b * kBlock < elements; ++b)
        convert_block(form, x + b * kBlock, std::min(kBlock, elements - b * kBlock), static_cast<Int8Block*>(out)[b]);
      return;
    case ActivationKind::kBf16:
      return convert_bf16(x, elements, static_cast<Bf16*>(out));
    case ActivationKind::kF32:
      std::copy_n(x, elements, static_cast<float*>(out));
      return;
  }
}

}  // namespace kt::cpu
