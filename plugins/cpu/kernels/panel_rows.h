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

}  // namespace kt::cpu
