// BF16 and F16 weights times BF16 activations by the processor's pair products; absent where it has none.
#include <algorithm>

#include "kt/abi.h"
#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/panel_rows.h"

namespace kt::cpu {

#if defined(__AVX512BF16__)
namespace {

// Lanes are columns here: rows of weights are read as they lie, 32 columns at a time, and a product's lanes are summed at its
// end.
constexpr int64_t kStep = 32;
constexpr int kRows = 4, kLargestTile = 6;  // rows of weights and of activations at once: as many sums as registers hold
constexpr int64_t kPart = 512;              // columns between requests for the next weights

// A source gives columns [0, count) of a row as 16 pairs of BF16, zero behind them.
struct Bf16Source {
  static __m512bh load(const uint16_t* row) { return reinterpret_cast<__m512bh>(_mm512_loadu_si512(row)); }
  static __m512bh load_part(const uint16_t* row, int64_t count) {
    return reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16((1u << count) - 1u, row));
  }
};
struct F16Source {
  static __m512bh convert(__m512i halves) {
    const __m512 low = _mm512_cvtph_ps(_mm512_castsi512_si256(halves));
    return _mm512_cvtne2ps_pbh(_mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1)), low);
  }
  static __m512bh load(const uint16_t* row) { return convert(_mm512_loadu_si512(row)); }
  static __m512bh load_part(const uint16_t* row, int64_t count) {
    return convert(_mm512_maskz_loadu_epi16((1u << count) - 1u, row));
  }
};

template <int T>
using Sums = __m512[T][kRows];

// Adds `columns` <= kPart columns of kRows rows of weights that lie `row_bytes` apart, for T rows of activations from `column`
// on. Apart from its caller, whose variables would push sums out of registers.
template <class Source, int T>
[[gnu::noinline]] void add_part(const uint8_t* rows, int64_t row_bytes, const void* const* x, int64_t column, int64_t columns,
                                Sums<T>& out) {
  const uint16_t* values[T];
  Sums<T> sums;
  for (int t = 0; t < T; ++t) values[t] = static_cast<const uint16_t*>(x[t]) + column;
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) sums[t][r] = out[t][r];
  const auto step = [&](int64_t c, auto&& load) __attribute__((always_inline)) {
    __m512bh weights[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      weights[r] = load(reinterpret_cast<const uint16_t*>(rows + r * row_bytes) + column + c);
      asm("" : "+v"(weights[r]));  // stays in its register: the compiler would rather load it again for each row of activations
    }
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
      const auto words = reinterpret_cast<__m512bh>(_mm512_loadu_si512(values[t] + c));
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[t][r] = _mm512_dpbf16_ps(sums[t][r], weights[r], words);
    }
  };
  int64_t c = 0;
  for (; c + kStep <= columns; c += kStep) step(c, [](const uint16_t* row) { return Source::load(row); });
  if (c < columns) step(c, [n = columns - c](const uint16_t* row) { return Source::load_part(row, n); });
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t)
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) out[t][r] = sums[t][r];
}

// The sums of the lanes of four rows each, always over the same tree.
inline __m512 sum_four(const __m512* rows) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(rows[0], rows[1]), _mm512_unpackhi_ps(rows[0], rows[1]));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(rows[2], rows[3]), _mm512_unpackhi_ps(rows[2], rows[3]));
  const __m512 low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  return _mm512_add_ps(low, _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd))));
}
inline __m512 sum_quarters(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}
inline Vec sum_lanes(const __m512* a, const __m512* b, const __m512* c, const __m512* d) {
  return {sum_quarters(sum_quarters(sum_four(a), sum_four(b)), sum_quarters(sum_four(c), sum_four(d)))};
}

// The whole panel against T rows of activations, part by part of the columns, so that those of the activations stay in the
// nearest cache. The last group of rows reaches back when the panel has no multiple of kRows, and its rows come one by one when
// it has less.
template <class Source, int T>
void run_tile(const Panel& panel, const void* const* x, float* out, Ahead& ahead) {
  const bool few = panel.rows < kRows;
  const int64_t groups = few ? panel.rows : (panel.rows + kRows - 1) / kRows;
  const auto first_row = [&](int64_t group) { return few ? group : std::min(group * kRows, panel.rows - kRows); };
  Sums<T> sums[kPanelRows / kRows] = {};
  const auto add = [&](int64_t group, int64_t column) {
    ahead.ask();
    add_part<Source, T>(panel.data + first_row(group) * panel.row_bytes, few ? 0 : panel.row_bytes, x, column,
                        std::min(kPart, panel.columns - column), sums[group]);
  };
  if constexpr (T <= 4) {
    for (int64_t group = 0; group < groups; ++group)
      for (int64_t column = 0; column < panel.columns; column += kPart) add(group, column);
  } else {
    for (int64_t column = 0; column < panel.columns; column += kPart)
      for (int64_t group = 0; group < groups; ++group) add(group, column);
  }
  for (int t = 0; t < T; ++t)
    for (int64_t first = 0; first < groups; first += 4) {
      const Vec total = sum_lanes(sums[first][t], sums[first + 1][t], sums[first + 2][t], sums[first + 3][t]);
      float* to = out + t * kPanelRows;
      if (panel.rows == kPanelRows) {
        vec_store(to + first * kRows, total);
        continue;
      }
      float values[4 * kRows];
      vec_store(values, total);
      for (int64_t group = first; group < std::min(first + 4, groups); ++group)
        std::copy_n(values + (group - first) * kRows, kRows, to + first_row(group));
    }
}

template <class Source, int T>
void run_tiles(const Panel& panel, const void* const* x, int64_t times, float* out, Ahead& ahead) {
  for (int64_t i = 0; i < times; ++i) run_tile<Source, T>(panel, x + i * T, out + i * T * kPanelRows, ahead);
}

// `count` rows of activations in `parts` of nearly the same size, none larger than kLargestTile.
template <class Source, int T = kLargestTile>
void run_rows(const Panel& panel, const void* const* x, int64_t count, int64_t parts, float* out, Ahead& ahead) {
  if constexpr (T > 1) {
    if ((count + parts - 1) / parts < T) return run_rows<Source, T - 1>(panel, x, count, parts, out, ahead);
    const int64_t larger = count - parts * (T - 1);
    run_tiles<Source, T>(panel, x, larger, out, ahead);
    run_tiles<Source, T - 1>(panel, x + larger * T, parts - larger, out + larger * T * kPanelRows, ahead);
  } else {
    run_tiles<Source, 1>(panel, x, count, out, ahead);
  }
}

template <class Source>
void run_panel(const Panel& panel, const void* const* x, int64_t count, float* out) {
  if (count == 0) return;
  const int64_t parts = (count + kLargestTile - 1) / kLargestTile, rows = (panel.rows + kRows - 1) / kRows;
  Ahead ahead(panel, rows * parts * ((panel.columns + kPart - 1) / kPart));
  run_rows<Source>(panel, x, count, parts, out, ahead);
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
