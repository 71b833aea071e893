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

// Asks for the panel's next weights a few lines at a time, while the panel itself is computed: many short pieces of rows are too
// many streams for the processor's own prefetcher, and many requests at once would hold up the loads behind them.
class Ahead {
 public:
  // ask() will be called `calls` times.
  Ahead(const Panel& panel, int64_t calls)
      : at_(panel.next), end_(panel.next + panel.next_bytes), lines_((panel.next_bytes / 64 + calls) / calls) {}

  void ask() {
    for (int64_t i = 0; i < lines_ && at_ < end_; ++i, at_ += 64) _mm_prefetch(reinterpret_cast<const char*>(at_), _MM_HINT_T1);
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  int64_t lines_;
};

}  // namespace kt::cpu
