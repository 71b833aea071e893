// How the attention of a batch is cut into units of work.
//
// Queries of one segment that share a key head are numbered row by row: query i is head i % group of row i / group. Sixteen of
// them form a tile. A unit is a tile over its whole sequence; or, in segments of few rows and long sequences, over one split of
// it: then all tiles of a split stand together, since they read the same pages.
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

// The splits of one tile that came into one list of units; their results are in slots [slot, slot + count).
struct AttentionMerge {
  int32_t unit;  // the first of them
  int32_t slot, count;
  int32_t tile;       // number of the tile in its segment
  bool begins, ends;  // the tile's first or last split is among them
};

// Lists the units of rows [row_begin, row_end) of a batch, part by part: as many as the lists and slots hold.
class UnitLister {
 public:
  static constexpr int32_t kMaxUnits = 1024;
  static constexpr int32_t kMaxCutTiles = 64;  // of a segment whose tiles are cut into splits

  // slots: at least kMaxCutTiles.
  UnitLister(const AttentionShape& shape, const KtBatch& batch, int64_t row_begin, int64_t row_end, int32_t threads,
             int32_t slots);

  // Fills both lists (of kMaxUnits each); false when nothing was left. At most one segment is unfinished between two lists.
  bool next(AttentionUnit* units, int32_t* unit_count, AttentionMerge* merges, int32_t* merge_count);
  // Multiplications and additions of the units of the last list.
  int64_t work() const { return work_; }

 private:
  struct Lists {
    AttentionUnit* units;
    AttentionMerge* merges;
    int32_t unit_count = 0, merge_count = 0, slot_count = 0;
  };

  bool find_segment();
  void leave_segment() { ++segment_, entered_ = false; }
  int64_t tiles_a_head() const { return (query_end_ - query_begin_ + kSplitQueries - 1) / kSplitQueries; }
  int64_t tiles() const { return tiles_a_head() * shape_.kv_heads; }
  AttentionUnit unit_of(int64_t tile) const;
  bool is_cut() const;
  void list_tiles(Lists& lists);
  bool list_splits(Lists& lists);

  const AttentionShape& shape_;
  const KtBatch& batch_;
  int64_t row_begin_, row_end_;
  int32_t slots_;
  bool few_tiles_;  // than threads could use
  int64_t work_ = 0;

  int32_t segment_ = 0;
  bool entered_ = false;                     // what follows is of the segment
  int64_t query_begin_ = 0, query_end_ = 0;  // within the rows asked for
  int64_t split_begin_ = 0, split_end_ = 0;  // seen by any of them
  int64_t tile_ = 0, split_ = 0;             // next to list
};

}  // namespace kt::cpu
