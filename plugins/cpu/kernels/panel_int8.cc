// Quantised weights times int8 activations: integer products inside a group, float additions over groups in order of columns.
#include <algorithm>

#include "kt/abi.h"
#include "plugins/cpu/kernels/k_formats.h"
#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/panel_rows.h"
#include "plugins/cpu/kernels/quantised_formats.h"

namespace kt::cpu {
namespace {

// Codes taken from the packed words as they are needed: best for a few rows of activations.
template <class F>
struct PackedCodes {
  const Packed<F>& packed;
  Words operator()(int s, int g) const { return F::code(packed, s, g); }
};

// Codes unpacked beforehand: best for many.
struct PlainCodes {
  const Words* words;
  Words operator()(int s, int g) const { return words[8 * s + g]; }
};

template <class F>
Words dot(Words sum, Words codes, const int8_t* x) {
#if !defined(__AVX512F__)
  if constexpr (F::kSigned) return dot_signed(sum, codes, x);
#endif
  return dot_unsigned(sum, codes, x);
}

// One group of scales for T rows of activations: partial[t] += scale * dot + offset * sum.
template <class F, int T, class Codes>
inline void add_group(const Packed<F>& p, const Codes& codes, int s, int part, const Int8Block* const* x, Vec* partial) {
  constexpr int kSteps = F::kGroup / 4;
  const int index = s * (32 / F::kGroup) + part;
  Words sums[T];
  for (int t = 0; t < T; ++t) sums[t] = F::kBias != 0 ? words_set(static_cast<uint32_t>(x[t]->start[index])) : words_zero();
#pragma GCC unroll 8
  for (int g = 0; g < kSteps; ++g) {
    const Words code = codes(s, part * kSteps + g);
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) sums[t] = dot<F>(sums[t], code, x[t]->values + s * 32 + (part * kSteps + g) * 4);
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t) {
    Vec value = words_to_float(sums[t]);
    if constexpr (F::kScaleGroup == 32) value = value * vec_set(x[t]->scales[s]);
    partial[t] = vec_fma(value, p.scales[index], partial[t]);
    if constexpr (F::kOffset) partial[t] = vec_fma(p.offsets[index], vec_set(x[t]->sums[index]), partial[t]);
  }
}

// A block of up to 256 columns for T rows of activations; sums[t] is at out + t * kPanelRows.
template <class F, int T, class Codes>
void add_block(const Packed<F>& p, const Codes& codes, int groups, const void* const* x, int64_t block, float* out) {
  const Int8Block* blocks[T];
  Vec partial[T];
  for (int t = 0; t < T; ++t) {
    blocks[t] = static_cast<const Int8Block*>(x[t]) + block;
    partial[t] = F::kScaleGroup == 32 ? vec_load(out + t * kPanelRows) : vec_zero();
  }
  const auto one = [&](int s) __attribute__((always_inline)) {
    for (int part = 0; part < 32 / F::kGroup; ++part) add_group<F, T>(p, codes, s, part, blocks, partial);
  };
  if (groups == 8) {
#pragma GCC unroll 8
    for (int s = 0; s < 8; ++s) one(s);
  } else {
    for (int s = 0; s < groups; ++s) one(s);
  }
  for (int t = 0; t < T; ++t) {
    if constexpr (F::kScaleGroup == 256)
      partial[t] = vec_fma(partial[t], vec_set(blocks[t]->scales[0]), vec_load(out + t * kPanelRows));
    vec_store(out + t * kPanelRows, partial[t]);
  }
}

// All rows of activations, the largest tiles of registers first.
template <class F, int Largest, class Codes>
[[gnu::noinline]] void add_rows(const Packed<F>& p, const Codes& codes, int groups, const void* const* x, int64_t count,
                                int64_t block, float* out) {
  int64_t t = 0;
  for (; t + Largest <= count; t += Largest) add_block<F, Largest>(p, codes, groups, x + t, block, out + t * kPanelRows);
  if constexpr (Largest > 1) add_rows<F, Largest / 2>(p, codes, groups, x + t, count - t, block, out + t * kPanelRows);
}

constexpr int kLargestTile = kTileRows == 16 ? 8 : 4;
// Up to so many rows of activations the codes are unpacked as they are needed, beyond it beforehand: measured, n4 of Q4_K 148 ->
// 197 GOPS with AVX-512; AVX2 has too few registers for more than two.
constexpr int kDirectRows = kTileRows == 16 ? 4 : 2;

template <class F>
void run_tile(const Panel& panel, int first, const void* const* x, int64_t count, float* out) {
  for (int64_t t = 0; t < count; ++t) vec_store(out + t * kPanelRows, vec_zero());
  const TileRows rows(panel, first);
  Packed<F> packed;
  for (int64_t block = 0; block * kBlock < panel.columns; ++block) {
    prefetch_rows_behind(panel, first, block);
    const int groups = static_cast<int>(std::min(kBlock, panel.columns - block * kBlock) / 32);
    F::load(rows.data, block, groups, packed);
    if (count == 1) {  // decode: apart, so that it is compiled into the loop over blocks
      add_block<F, 1>(packed, PackedCodes<F>{packed}, groups, x, block, out);
      continue;
    }
    if (count <= kDirectRows) {
      add_rows<F, kDirectRows>(packed, PackedCodes<F>{packed}, groups, x, count, block, out);
      continue;
    }
    Words words[64];
    for (int s = 0; s < groups; ++s)
      for (int g = 0; g < 8; ++g) words[8 * s + g] = F::code(packed, s, g);
    add_rows<F, kLargestTile>(packed, PlainCodes{words}, groups, x, count, block, out);
  }
}

template <class F>
void run_panel(const Panel& panel, const void* const* x, int64_t count, float* out) {
  for (int first = 0; first < kPanelRows; first += kTileRows) run_tile<F>(panel, first, x, count, out + first);
}

template <class F>
PanelKernel kernel() {
  return {{ActivationKind::kInt8, F::kScaleGroup, F::kGroup, F::kBias}, run_panel<F>};
}

}  // namespace

PanelKernel find_int8_kernel(int32_t dtype) {
  switch (dtype) {
    case KT_Q4_0:
      return kernel<FormatQ4_0>();
    case KT_Q4_1:
      return kernel<FormatQ4_1>();
    case KT_Q5_0:
      return kernel<FormatQ5_0>();
    case KT_Q5_1:
      return kernel<FormatQ5_1>();
    case KT_Q8_0:
      return kernel<FormatQ8_0>();
    case KT_IQ4_NL:
      return kernel<FormatIq4Nl>();
    case KT_Q2_K:
      return kernel<FormatQ2_K>();
    case KT_Q3_K:
      return kernel<FormatQ3_K>();
    case KT_Q4_K:
      return kernel<FormatQ4_K>();
    case KT_Q5_K:
      return kernel<FormatQ5_K>();
    case KT_Q6_K:
      return kernel<FormatQ6_K>();
    case KT_IQ4_XS:
      return kernel<FormatIq4Xs>();
    default:
      return {};
  }
}

}  // namespace kt::cpu
