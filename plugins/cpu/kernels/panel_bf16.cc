// BF16 and F16 weights times BF16 activations by the processor's pair products; absent where it has none.
#include <algorithm>

#include "kt/abi.h"
#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/panel_rows.h"

namespace kt::cpu {

#if defined(__AVX512BF16__)
namespace {

// Up to 256 columns of a tile: word c of a row holds columns 2 c and 2 c + 1; columns beyond the row's end are zero.
constexpr int kPairs = kBlock / 2;

struct Bf16Source {
  static Words convert(Words words) { return words; }
};
struct F16Source {
  static Words convert(Words words) {
    const Vec low = words_low_f16(words), high = words_low_f16(words_right(words, 16));
    const Words low_bits = _mm512_cvtepu16_epi32(vec_to_bf16(low));
    return words_or(low_bits, words_left(_mm512_cvtepu16_epi32(vec_to_bf16(high)), 16));
  }
};

template <class Source>
void load_pairs(const uint8_t* const* rows, int64_t begin, int64_t count, Words* out) {
  int64_t c = 0;
  for (; c + 8 <= count; c += 8) load_columns(rows, (begin + c) * 2, out + c / 2);
  if (c < count) {  // the last few columns go through a buffer: nothing behind the row's end is read
    alignas(16) uint16_t buffer[kTileRows][8] = {};
    const uint8_t* as_bytes[kTileRows];
    for (int r = 0; r < kTileRows; ++r) {
      std::memcpy(buffer[r], rows[r] + (begin + c) * 2, static_cast<size_t>(count - c) * 2);
      as_bytes[r] = reinterpret_cast<const uint8_t*>(buffer[r]);
    }
    load_columns(as_bytes, 0, out + c / 2);
  }
  for (int64_t i = 0; i < (count + 7) / 8 * 4; ++i) out[i] = Source::convert(out[i]);
}

inline Vec dot_pairs(Vec sum, Words weights, const uint16_t* x) {
  int32_t word;
  std::memcpy(&word, x, sizeof word);
  return {_mm512_dpbf16_ps(sum.v, reinterpret_cast<__m512bh>(weights), reinterpret_cast<__m512bh>(_mm512_set1_epi32(word)))};
}

// Even and odd pairs are summed apart, which halves the chain of additions.
template <int T>
void add_columns(const Words* weights, const void* const* x, int64_t begin, int64_t pairs, float* out) {
  const uint16_t* rows[T];
  Vec even[T], odd[T];
  for (int t = 0; t < T; ++t) {
    rows[t] = static_cast<const uint16_t*>(x[t]) + begin;
    even[t] = odd[t] = vec_zero();
  }
  for (int64_t p = 0; p < pairs; p += 2) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) even[t] = dot_pairs(even[t], weights[p], rows[t] + 2 * p);
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) odd[t] = dot_pairs(odd[t], weights[p + 1], rows[t] + 2 * p + 2);
  }
  for (int t = 0; t < T; ++t) vec_store(out + t * kPanelRows, vec_load(out + t * kPanelRows) + (even[t] + odd[t]));
}

template <int Largest>
void add_rows(const Words* weights, const void* const* x, int64_t count, int64_t begin, int64_t pairs, float* out) {
  int64_t t = 0;
  for (; t + Largest <= count; t += Largest) add_columns<Largest>(weights, x + t, begin, pairs, out + t * kPanelRows);
  if constexpr (Largest > 1) add_rows<Largest / 2>(weights, x + t, count - t, begin, pairs, out + t * kPanelRows);
}

template <class Source>
void run_panel(const Panel& panel, const void* const* x, int64_t count, float* out) {
  for (int first = 0; first < panel.rows; first += kTileRows) {
    const TileRows rows(panel, first);
    for (int64_t t = 0; t < count; ++t) vec_store(out + t * kPanelRows + first, vec_zero());
    Words weights[kPairs];
    for (int64_t begin = 0; begin < panel.columns; begin += kBlock) {
      const int64_t here = std::min(kBlock, panel.columns - begin);
      load_pairs<Source>(rows.data, begin, here, weights);
      add_rows<8>(weights, x, count, begin, (here + 7) / 8 * 4, out + first);
    }
  }
}

}  // namespace

PanelKernel find_bf16_kernel(int32_t dtype) {
  const ActivationForm form{ActivationKind::kBf16};
  if (dtype == KT_BF16) return {form, run_panel<Bf16Source>};
  if (dtype == KT_F16) return {form, run_panel<F16Source>};
  return {};
}

#else

PanelKernel find_bf16_kernel(int32_t) { return {}; }

#endif

}  // namespace kt::cpu
