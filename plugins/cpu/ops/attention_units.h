// How the attention of a batch is cut into units of work.
//
// Queries of one segment that share a key head are numbered row by row: query i is head i % group of row i / group. Sixteen of
// them form a tile. A unit is a tile over its whole sequence, or, where there are few tiles and long sequences, over one split of
// it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kt/abi.h"
#include "plugins/cpu/kernels/attention_split.h"

namespace kt::cpu {

struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, key_dim = 0, value_dim = 0;
  bool latent = false;  // values are the first dims of the keys
  float scale = 1;
  int64_t window = 0;  // 0: none

  int64_t group() const { return heads / kv_heads; }
  // First position that the row at `position` sees.
  int64_t first_seen(int64_t position) const { return window > 0 ? std::max<int64_t>(0, position - window + 1) : 0; }
};

struct AttentionUnit {
  int32_t segment, head;             // head of the keys
  int32_t first_query, query_count;  // of the segment and head
  int32_t split_begin, split_end;
  int32_t slot;  // where the result of one split of many goes, -1: the unit is a whole tile
};

// Splits of one tile that came into one list of units: slots [slot, slot + count).
struct AttentionMerge {
  int32_t unit;  // the first of them
  int32_t count;
  bool begins, ends;  // the tile's first or last split is among them
};

// Lists the units of rows [row_begin, row_end) of a batch, part by part: as many as the lists and slots hold.
class UnitLister {
 public:
  static constexpr int32_t kMaxUnits = 1024;

  UnitLister(const AttentionShape& shape, const KtBatch& batch, int64_t row_begin, int64_t row_end, int32_t threads,
             int32_t slots);

  // Fills both lists (of kMaxUnits each); false when nothing was left.
  bool next(AttentionUnit* units, int32_t* unit_count, AttentionMerge* merges, int32_t* merge_count);
  // Multiplications and additions of the units of the last list.
  int64_t work() const { return work_; }

 private:
  bool find_tile();
  void advance_tile();

  const AttentionShape& shape_;
  const KtBatch& batch_;
  int64_t row_begin_, row_end_;
  int32_t slots_;
  bool alone_;      // one thread: nothing is gained by cutting tiles
  bool few_tiles_;  // than threads could use
  int64_t work_ = 0;

  int32_t segment_ = 0, head_ = 0;
  int64_t query_ = 0;                        // first of the tile
  int64_t query_begin_ = 0, query_end_ = 0;  // of the segment, within the rows asked for
  bool entered_ = false;                     // the segment
  int64_t split_ = -1;                       // next of the tile, -1: it has not begun
};

}  // namespace kt::cpu
