// The rows of a panel that one tile of registers covers.
#pragma once

#include <algorithm>

#include "plugins/cpu/kernels/panel.h"
#include "plugins/cpu/kernels/tile.h"

namespace kt::cpu {

// Rows behind the panel's last one are the last one again, so that every lane reads memory of the weight.
struct TileRows {
  const uint8_t* data[kTileRows];

  TileRows(const Panel& panel, int first) {
    for (int r = 0; r < kTileRows; ++r) data[r] = panel.data + std::min<int64_t>(first + r, panel.rows - 1) * panel.row_bytes;
  }
};

// While block `block` of the rows from `first` on is computed: asks for the same share of the rows behind them, which are next in
// most cases. Sixteen short pieces at a time are too many streams for the processor's own prefetcher.
inline void prefetch_rows_behind(const Panel& panel, int first, int64_t block) {
  const int64_t blocks = (panel.columns + kBlock - 1) / kBlock;
  const int64_t share = panel.row_bytes * kTileRows / blocks;
  const uint8_t* next = panel.data + (first + kTileRows) * panel.row_bytes + block * share;
  for (int64_t i = 0; i < share; i += 64) _mm_prefetch(reinterpret_cast<const char*>(next + i), _MM_HINT_T1);
}

}  // namespace kt::cpu
