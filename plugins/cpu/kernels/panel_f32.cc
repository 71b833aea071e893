// Weights of any type as float32 times float32 activations: the exact arithmetic, and the way for types without a faster one.
#include <algorithm>

#include "kt/abi.h"
#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"
#include "plugins/cpu/kernels/k_formats.h"
#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/panel_rows.h"
#include "plugins/cpu/kernels/quantised_formats.h"

namespace kt::cpu {
namespace {

// A source of weights S has load(rows, dtype, begin, count, out): columns [begin, begin + count), count <= 256, of every row of
// the tile as float; out[c] holds column begin + c of all rows. out has room for 256, columns beyond count may be written.

// Rows of floats or of types that convert to a row of floats piece by piece; `piece(row, column, n)` gives 16 bytes as words.
template <class Convert>
void load_rows(const uint8_t* const* rows, int64_t begin, int64_t count, Vec* out, Convert&& convert) {
  alignas(64) float values[kTileRows][kBlock];
  const uint8_t* as_bytes[kTileRows];
  for (int r = 0; r < kTileRows; ++r) {
    convert(rows[r], begin, count, values[r]);
    for (int64_t i = count; i % 4 != 0; ++i) values[r][i] = 0.0f;
    as_bytes[r] = reinterpret_cast<const uint8_t*>(values[r]);
  }
  for (int64_t c = 0; c < count; c += 4) {
    Words words[4];
    load_columns(as_bytes, c * 4, words);
    for (int j = 0; j < 4; ++j) out[c + j] = words_as_float(words[j]);
  }
}

template <class T>
struct PlainSource {
  static void load(const uint8_t* const* rows, int32_t, int64_t begin, int64_t count, Vec* out) {
    load_rows(rows, begin, count, out, [](const uint8_t* row, int64_t first, int64_t n, float* to) {
      const T* from = reinterpret_cast<const T*>(row) + first;
      for_each_vector(n, [&](int64_t i, int64_t lanes) { vec_store_upto(to + i, vec_load_upto(from + i, lanes), lanes); });
    });
  }
};

// Any type through its converter; blocks of every type divide 256.
struct ConverterSource {
  static void load(const uint8_t* const* rows, int32_t dtype, int64_t begin, int64_t count, Vec* out) {
    const format::RowConverter converter = format::dequantizer(dtype);
    const format::DtypeInfo* info = format::dtype_info(dtype);
    load_rows(rows, begin, count, out, [&](const uint8_t* row, int64_t first, int64_t n, float* to) {
      converter(row + first / info->block_elements * info->block_bytes, to, n);
    });
  }
};

template <class F>
struct QuantisedSource {
  static Vec code_value(Words codes, int i) {
#if !defined(__AVX512F__)
    if constexpr (F::kSigned) return words_to_float(words_signed_byte(codes, i));
#endif
    return words_to_float(byte_of(codes, i, 255));
  }
  static void load(const uint8_t* const* rows, int32_t, int64_t begin, int64_t count, Vec* out) {
    Tile<F> tile;
    const int groups = static_cast<int>(count / 32);
    tile.load(rows, begin / kBlock, groups);
    for (int s = 0; s < groups; ++s) {
      for (int g = 0; g < 8; ++g) {
        const Words codes = tile.code(s, g);
        const int index = (s * 32 + g * 4) / F::kGroup;
        for (int i = 0; i < 4; ++i) {
          const Vec value = code_value(codes, i) - vec_set(static_cast<float>(F::kBias));
          Vec& to = out[s * 32 + g * 4 + i];
          if constexpr (F::kOffset)
            to = vec_fma(value, tile.scales[index], tile.offsets[index]);
          else
            to = value * tile.scales[index];
        }
      }
    }
  }
};

// Adds `count` columns for T rows of activations. Even and odd columns are summed apart, which halves the chain of additions.
template <int T>
void add_columns(const Vec* weights, const void* const* x, int64_t begin, int64_t count, float* out) {
  const float* rows[T];
  Vec even[T], odd[T];
  for (int t = 0; t < T; ++t) {
    rows[t] = static_cast<const float*>(x[t]) + begin;
    even[t] = odd[t] = vec_zero();
  }
  int64_t c = 0;
  for (; c + 2 <= count; c += 2) {
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) even[t] = vec_fma(weights[c], vec_set(rows[t][c]), even[t]);
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) odd[t] = vec_fma(weights[c + 1], vec_set(rows[t][c + 1]), odd[t]);
  }
  for (int t = 0; t < T; ++t) {
    if (c < count) even[t] = vec_fma(weights[c], vec_set(rows[t][c]), even[t]);
    vec_store(out + t * kPanelRows, vec_load(out + t * kPanelRows) + (even[t] + odd[t]));
  }
}

template <int Largest>
void add_rows(const Vec* weights, const void* const* x, int64_t count, int64_t begin, int64_t columns, float* out) {
  int64_t t = 0;
  for (; t + Largest <= count; t += Largest) add_columns<Largest>(weights, x + t, begin, columns, out + t * kPanelRows);
  if constexpr (Largest > 1) add_rows<Largest / 2>(weights, x + t, count - t, begin, columns, out + t * kPanelRows);
}

template <class Source>
void run_panel(const Panel& panel, const void* const* x, int64_t count, float* out) {
  constexpr int kLargestTile = kTileRows == 16 ? 8 : 4;
  for (int first = 0; first < panel.rows; first += kTileRows) {
    const TileRows rows(panel, first);
    for (int64_t t = 0; t < count; ++t) vec_store(out + t * kPanelRows + first, vec_zero());
    Vec weights[kBlock];
    for (int64_t begin = 0; begin < panel.columns; begin += kBlock) {
      const int64_t here = std::min(kBlock, panel.columns - begin);
      Source::load(rows.data, panel.dtype, begin, here, weights);
      add_rows<kLargestTile>(weights, x, count, begin, here, out + first);
    }
  }
}

}  // namespace

PanelKernel find_f32_kernel(int32_t dtype) {
  const ActivationForm form{};
  switch (dtype) {
    case KT_F32:
      return {form, run_panel<PlainSource<float>>};
    case KT_F16:
      return {form, run_panel<PlainSource<F16>>};
    case KT_BF16:
      return {form, run_panel<PlainSource<Bf16>>};
    case KT_Q4_0:
      return {form, run_panel<QuantisedSource<FormatQ4_0>>};
    case KT_Q4_1:
      return {form, run_panel<QuantisedSource<FormatQ4_1>>};
    case KT_Q5_0:
      return {form, run_panel<QuantisedSource<FormatQ5_0>>};
    case KT_Q5_1:
      return {form, run_panel<QuantisedSource<FormatQ5_1>>};
    case KT_Q8_0:
      return {form, run_panel<QuantisedSource<FormatQ8_0>>};
    case KT_IQ4_NL:
      return {form, run_panel<QuantisedSource<FormatIq4Nl>>};
    case KT_Q2_K:
      return {form, run_panel<QuantisedSource<FormatQ2_K>>};
    case KT_Q3_K:
      return {form, run_panel<QuantisedSource<FormatQ3_K>>};
    case KT_Q4_K:
      return {form, run_panel<QuantisedSource<FormatQ4_K>>};
    case KT_Q5_K:
      return {form, run_panel<QuantisedSource<FormatQ5_K>>};
    case KT_Q6_K:
      return {form, run_panel<QuantisedSource<FormatQ6_K>>};
    case KT_IQ4_XS:
      return {form, run_panel<QuantisedSource<FormatIq4Xs>>};
    default:
      return {form, format::dequantizer(dtype) != nullptr ? run_panel<ConverterSource> : nullptr};
  }
}

}  // namespace kt::cpu
