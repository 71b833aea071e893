// The rows of one run: segments of sequences, and the rows whose logits are wanted.
#pragma once

#include <cstdint>
#include <vector>

namespace kt::core {

struct Segment {
  int32_t sequence = 0;        // id in the KvPool
  int32_t first_position = 0;  // positions before it are in the pool already
  int32_t count = 0;           // rows
};

struct Batch {
  std::vector<int32_t> tokens;       // rows of all segments, one after the other
  std::vector<Segment> segments;
  std::vector<int32_t> output_rows;  // rows whose logits are computed, ascending

  void clear() {
    tokens.clear();
    segments.clear();
    output_rows.clear();
  }
};

// A batch is a decode batch if every sequence brings at most this many rows, else a prefill batch.
inline constexpr int32_t kDecodeRows = 8;

}  // namespace kt::core
