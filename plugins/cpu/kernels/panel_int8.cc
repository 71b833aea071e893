// Quantised weights times int8 activations: integer products inside a group, float additions over groups in order of columns.
#include <algorithm>

#include "kt/abi.h"
#include "plugins/cpu/kernels/k_formats.h"
#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/panel_rows.h"
#include "plugins/cpu/kernels/panel_unit.h"
#include "plugins/cpu/kernels/quantised_formats.h"

namespace kt::cpu {
namespace {

// Tiles of weight rows and rows of activations that meet in registers at once. Two tiles share every broadcast word of
// activations: one loads as many words as it multiplies, and the loads would be the limit.
constexpr int kTilesAtOnce = kTileRows == 16 ? 2 : 1;
constexpr int kLargestTile = kTileRows == 16 ? 6 : 4;
// Up to so many rows of activations a chunk of weights is used up as soon as it is loaded, and nothing goes through memory.
constexpr int kDirectRows = kTileRows == 16 ? 4 : 2;

// Codes of a chunk that was just loaded, or of the tiles of a whole block.
template <class F>
struct ChunkCodes {
  const Words* words;
  Words operator()(int, int s, int g) const { return F::code(words, s % F::kChunk, g); }
};
template <class F>
struct TileCodes {
  const Tile<F>* tiles;
  Words operator()(int tile, int s, int g) const { return tiles[tile].code(s, g); }
};

template <class F>
Words dot(Words sum, Words codes, Words x) {
#if !defined(__AVX512F__)
  if constexpr (F::kSigned) return dot_signed(sum, codes, x);
#endif
  return dot_unsigned(sum, codes, x);
}

template <int R, int T>
using Sums = Vec[R][T];

// One group of scales of R tiles for T rows of activations: sums[r][t] += scale * dot + offset * sum.
template <class F, int R, int T, class Scales, class Codes>
[[gnu::always_inline]] inline void add_group(const Scales& scales, const Codes& codes, int s, int part, const Int8Block* const* x,
                                             Sums<R, T>& sums) {
  constexpr int kSteps = F::kGroup / 4;
  const int index = s * (32 / F::kGroup) + part;
  Words dots[R][T];
  for (int r = 0; r < R; ++r)
    for (int t = 0; t < T; ++t) dots[r][t] = F::kBias != 0 ? words_set(static_cast<uint32_t>(x[t]->start[index])) : words_zero();
#pragma GCC unroll 8
  for (int g = 0; g < kSteps; ++g) {
    Words code[R];
    for (int r = 0; r < R; ++r) code[r] = codes(r, s, part * kSteps + g);
#pragma GCC unroll 8
    for (int t = 0; t < T; ++t) {
      const Words word = words_broadcast(x[t]->values + s * 32 + (part * kSteps + g) * 4);
      for (int r = 0; r < R; ++r) dots[r][t] = dot<F>(dots[r][t], code[r], word);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < T; ++t)
    for (int r = 0; r < R; ++r) {
      Vec value = words_to_float(dots[r][t]);
      if constexpr (F::kScaleGroup == 32) value = value * vec_set(x[t]->scales[s]);
      sums[r][t] = vec_fma(value, scales[r].scales[index], sums[r][t]);
      if constexpr (F::kOffset) sums[r][t] = vec_fma(scales[r].offsets[index], vec_set(x[t]->sums[index]), sums[r][t]);
    }
}

template <class F, int R, int T, class Scales, class Codes>
[[gnu::always_inline]] inline void add_groups(const Scales& scales, const Codes& codes, int s, const Int8Block* const* x,
                                              Sums<R, T>& sums) {
  for (int part = 0; part < 32 / F::kGroup; ++part) add_group<F, R, T>(scales, codes, s, part, x, sums);
}

// What a block adds: sums of its own that meet the scale of the activations at last, or sums that go on from block to block.
template <class F, int R, int T, class Add>
[[gnu::always_inline]] inline void add_scaled(const Int8Block* const* x, Sums<R, T>& sums, Add&& add) {
  if constexpr (F::kScaleGroup == 32) return add(sums);
  Sums<R, T> block;
  for (auto& tile : block)
    for (Vec& sum : tile) sum = vec_zero();
  add(block);
  for (int r = 0; r < R; ++r)
    for (int t = 0; t < T; ++t) sums[r][t] = vec_fma(block[r][t], vec_set(x[t]->scales[0]), sums[r][t]);
}

template <class F, int T>
void run_direct(const Panel& panel, int first, const void* const* x, float* out, Ahead& ahead) {
  const TileRows rows(panel, first);
  Sums<1, T> sums;
  for (int t = 0; t < T; ++t) sums[0][t] = vec_zero();
  for (int64_t block = 0; block * kBlock < panel.columns; ++block) {
    const int groups = static_cast<int>(std::min(kBlock, panel.columns - block * kBlock) / 32);
    const Int8Block* blocks[T];
    for (int t = 0; t < T; ++t) blocks[t] = static_cast<const Int8Block*>(x[t]) + block;
    GroupScales<F> scales[1];
    F::load_scales(rows.data, block, groups, scales[0]);
    add_scaled<F, 1, T>(
        blocks, sums, [&](Sums<1, T> & to) __attribute__((always_inline)) {
          const auto chunk = [&](int c) __attribute__((always_inline)) {
            ahead.ask();
            Words words[F::kChunkWords];
            F::load_chunk(rows.data, block, c, words);
#pragma GCC unroll 8
            for (int s = 0; s < F::kChunk; ++s) add_groups<F, 1, T>(scales, ChunkCodes<F>{words}, c * F::kChunk + s, blocks, to);
          };
          for (int c = 0; c * F::kChunk < groups; ++c) chunk(c);
        });
  }
  for (int t = 0; t < T; ++t) vec_store(out + t * kPanelRows, sums[0][t]);
}

// A block of up to 256 columns of the tiles at once for T rows of activations.
template <class F, int T>
[[gnu::noinline]] void add_block(const Tile<F>* tiles, int groups, const void* const* x, int64_t block, float* out,
                                 Ahead& ahead) {
  constexpr int R = kTilesAtOnce;
  const Int8Block* blocks[T];
  Sums<R, T> sums;
  for (int t = 0; t < T; ++t) {
    blocks[t] = static_cast<const Int8Block*>(x[t]) + block;
    for (int r = 0; r < R; ++r) sums[r][t] = F::kScaleGroup == 32 ? vec_load(out + t * kPanelRows + r * kTileRows) : vec_zero();
  }
  for (int s = 0; s < groups; ++s) {
    ahead.ask();
    add_groups<F, R, T>(tiles, TileCodes<F>{tiles}, s, blocks, sums);
  }
  for (int t = 0; t < T; ++t)
    for (int r = 0; r < R; ++r) {
      float* to = out + t * kPanelRows + r * kTileRows;
      if constexpr (F::kScaleGroup == 256) sums[r][t] = vec_fma(sums[r][t], vec_set(blocks[t]->scales[0]), vec_load(to));
      vec_store(to, sums[r][t]);
    }
}

template <class F, int T>
void add_rows_of(const Tile<F>* tiles, int groups, const void* const* x, int64_t times, int64_t block, float* out, Ahead& ahead) {
  for (int64_t i = 0; i < times; ++i) add_block<F, T>(tiles, groups, x + i * T, block, out + i * T * kPanelRows, ahead);
}

// `count` rows of activations in `parts` of nearly the same size, none larger than kLargestTile.
template <class F, int T = kLargestTile>
void add_rows(const Tile<F>* tiles, int groups, const void* const* x, int64_t count, int64_t parts, int64_t block, float* out,
              Ahead& ahead) {
  if constexpr (T > 1) {
    const int64_t size = (count + parts - 1) / parts;
    if (size < T) return add_rows<F, T - 1>(tiles, groups, x, count, parts, block, out, ahead);
    const int64_t larger = count - parts * (T - 1);
    add_rows_of<F, T>(tiles, groups, x, larger, block, out, ahead);
    add_rows_of<F, T - 1>(tiles, groups, x + larger * T, parts - larger, block, out + larger * T * kPanelRows, ahead);
  } else {
    add_rows_of<F, 1>(tiles, groups, x, count, block, out, ahead);
  }
}

template <class F>
void run_tiles(const Panel& panel, int first, const void* const* x, int64_t count, int64_t parts, float* out, Ahead& ahead) {
  constexpr int R = kTilesAtOnce;
  for (int64_t t = 0; t < count; ++t) std::fill_n(out + t * kPanelRows, R * kTileRows, 0.0f);
  Tile<F> tiles[R];
  for (int64_t block = 0; block * kBlock < panel.columns; ++block) {
    const int groups = static_cast<int>(std::min(kBlock, panel.columns - block * kBlock) / 32);
    for (int r = 0; r < R; ++r) {
      const TileRows rows(panel, first + r * kTileRows);
      tiles[r].load(rows.data, block, groups);
    }
    add_rows<F>(tiles, groups, x, count, parts, block, out, ahead);
  }
}

template <class F, int T = kDirectRows>
void run_few(const Panel& panel, int first, const void* const* x, int64_t count, float* out, Ahead& ahead) {
  if constexpr (T > 1) {
    if (count < T) return run_few<F, T - 1>(panel, first, x, count, out, ahead);
  }
  run_direct<F, T>(panel, first, x, out, ahead);
}

template <class F>
void run_panel(const Panel& panel, const void* const* x, int64_t count, float* out) {
  const int64_t blocks = (panel.columns + kBlock - 1) / kBlock, tiles = (panel.rows + kTileRows - 1) / kTileRows;
  if (count <= kDirectRows) {
    Ahead ahead(panel, tiles * blocks * (8 / F::kChunk));
    for (int first = 0; first < panel.rows; first += kTileRows) run_few<F>(panel, first, x, count, out + first, ahead);
    return;
  }
#if defined(__AMX_INT8__)
  if (AmxUnit::available()) return run_panel_on_unit<AmxUnit, F>(panel, x, count, out);
#endif
  const int64_t parts = (count + kLargestTile - 1) / kLargestTile;
  Ahead ahead(panel, (tiles + kTilesAtOnce - 1) / kTilesAtOnce * blocks * parts * 8);
  for (int first = 0; first < panel.rows; first += kTileRows * kTilesAtOnce)
    run_tiles<F>(panel, first, x, count, parts, out + first, ahead);
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
