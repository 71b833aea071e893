// Panels on a matrix unit: the integer products come from the unit, the float additions are those of panel_int8.cc in the same
// order, so that a row has the same bits whichever computed it.
#pragma once

#include <algorithm>
#include <cstring>

#include "plugins/cpu/kernels/matrix_unit.h"
#include "plugins/cpu/kernels/panel_rows.h"
#include "plugins/cpu/kernels/quantised_formats.h"

namespace kt::cpu {

// One block of up to 16 rows of activations, row after row; rows that are not there are zeros.
struct UnitRows {
  alignas(64) int8_t values[kUnitRows][kBlock];

  void pack(const Int8Block* const* x, int64_t count) {
    for (int64_t t = 0; t < count; ++t) std::memcpy(values[t], x[t]->values, kBlock);
    std::memset(values[0] + count * kBlock, 0, static_cast<size_t>(kUnitRows - count) * kBlock);
  }
};

// A block of a tile, with all codes unpacked.
template <class F>
struct UnitTile {
  static constexpr int kGroupWords = F::kGroup / 4;
  Tile<F> tile;
  alignas(64) Words codes[64];

  void load(const uint8_t* const* rows, int64_t block, int groups) {
    tile.load(rows, block, groups);
    for (int s = 0; s < groups; ++s)
      for (int g = 0; g < 8; ++g) codes[8 * s + g] = tile.code(s, g);
  }

  // Adds the block to the results of a row of activations; dots[i] are those of its groups.
  template <class Dots>
  void add_row(const Int8Block& x, int groups, Dots&& dots, float* out) const {
    Vec sum = F::kScaleGroup == 32 ? vec_load(out) : vec_zero();
    for (int i = 0; i < groups * 32 / F::kGroup; ++i) {
      Words words = words_load(dots(i));
      if constexpr (F::kBias != 0) words = words_add(words, words_set(static_cast<uint32_t>(x.start[i])));
      Vec value = words_to_float(words);
      if constexpr (F::kScaleGroup == 32) value = value * vec_set(x.scales[i * F::kGroup / 32]);
      sum = vec_fma(value, tile.scales[i], sum);
      if constexpr (F::kOffset) sum = vec_fma(tile.offsets[i], vec_set(x.sums[i]), sum);
    }
    if constexpr (F::kScaleGroup == 256) sum = vec_fma(sum, vec_set(x.scales[0]), vec_load(out));
    vec_store(out, sum);
  }
};

template <class Unit, class F>
void add_block_on_unit(Unit& unit, const UnitTile<F>& tile, const UnitRows& rows, const Int8Block* const* x, int64_t count,
                       int groups, float* out) {
  constexpr int kGroups = kBlock / F::kGroup;
  alignas(64) int32_t dots[kGroups][kUnitRows * kTileRows];
  for (int i = 0; i < groups * 32 / F::kGroup; ++i) {
    unit.load(rows.values[0] + i * F::kGroup, kBlock);
    unit.dots(tile.codes + i * UnitTile<F>::kGroupWords, dots[i]);
  }
  for (int64_t t = 0; t < count; ++t)
    tile.add_row(*x[t], groups, [&](int i) { return dots[i] + t * kTileRows; }, out + t * kPanelRows);
}

// As PanelFunction.
template <class Unit, class F>
void run_panel_on_unit(const Panel& panel, const void* const* x, int64_t count, float* out) {
  static_assert(!F::kSigned, "the unit multiplies unsigned codes");
  const int64_t blocks = (panel.columns + kBlock - 1) / kBlock, tiles = (panel.rows + kTileRows - 1) / kTileRows;
  const int64_t batches = (count + kUnitRows - 1) / kUnitRows;
  Unit unit(UnitTile<F>::kGroupWords);
  Ahead ahead(panel, blocks * batches);
  for (int64_t t = 0; t < count; ++t) std::fill_n(out + t * kPanelRows, kPanelRows, 0.0f);
  for (int64_t block = 0; block < blocks; ++block) {
    const int groups = static_cast<int>(std::min(kBlock, panel.columns - block * kBlock) / 32);
    UnitTile<F> loaded[kPanelRows / kTileRows];
    for (int64_t r = 0; r < tiles; ++r) {
      const TileRows rows(panel, static_cast<int>(r) * kTileRows);
      loaded[r].load(rows.data, block, groups);
    }
    for (int64_t first = 0; first < count; first += kUnitRows) {
      ahead.ask();
      const int64_t here = std::min<int64_t>(kUnitRows, count - first);
      const Int8Block* row_blocks[kUnitRows];
      for (int64_t t = 0; t < here; ++t) row_blocks[t] = static_cast<const Int8Block*>(x[first + t]) + block;
      UnitRows packed;
      packed.pack(row_blocks, here);
      for (int64_t r = 0; r < tiles; ++r)
        add_block_on_unit<Unit, F>(unit, loaded[r], packed, row_blocks, here, groups, out + first * kPanelRows + r * kTileRows);
    }
  }
}

}  // namespace kt::cpu
