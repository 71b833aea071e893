#include "plugins/cpu/ops/attention_units.h"

namespace kt::cpu {
namespace {

constexpr int64_t kFewRows = 8;  // of a segment that is cut even if there is other work for all threads

struct RowRange {
  int64_t begin, end;
};

RowRange rows_of(const KtBatch& batch, int32_t segment, int64_t row_begin, int64_t row_end) {
  const int64_t first = batch.segment_begin[segment], count = batch.segment_count_of[segment];
  return {std::clamp<int64_t>(row_begin - first, 0, count), std::clamp<int64_t>(row_end - first, 0, count)};
}

}  // namespace

UnitLister::UnitLister(const AttentionShape& shape, const KtBatch& batch, int64_t row_begin, int64_t row_end, int32_t threads,
                       int32_t slots)
    : shape_(shape), batch_(batch), row_begin_(row_begin), row_end_(row_end), slots_(slots) {
  int64_t tiles = 0;
  for (int32_t s = 0; s < batch.segment_count; ++s) {
    const RowRange rows = rows_of(batch, s, row_begin, row_end);
    tiles += ((rows.end - rows.begin) * shape.group() + kSplitQueries - 1) / kSplitQueries * shape.kv_heads;
  }
  few_tiles_ = threads > 1 && tiles < 4 * int64_t{threads};
}

bool UnitLister::find_segment() {
  for (; segment_ < batch_.segment_count; leave_segment()) {
    if (entered_) return true;
    const RowRange rows = rows_of(batch_, segment_, row_begin_, row_end_);
    if (rows.begin == rows.end) continue;
    const int64_t position = batch_.first_position[segment_];
    query_begin_ = rows.begin * shape_.group();
    query_end_ = rows.end * shape_.group();
    split_begin_ = split_ = shape_.first_seen(position + rows.begin) / kSplitPositions;
    split_end_ = (position + rows.end + kSplitPositions - 1) / kSplitPositions;
    tile_ = 0;
    return entered_ = true;
  }
  return false;
}

// The whole tile.
AttentionUnit UnitLister::unit_of(int64_t tile) const {
  const int64_t query = query_begin_ + tile % tiles_a_head() * kSplitQueries, count = std::min(kSplitQueries, query_end_ - query);
  const int64_t position = batch_.first_position[segment_], group = shape_.group();
  const int64_t from = shape_.first_seen(position + query / group), to = position + (query + count - 1) / group + 1;
  return {segment_,
          static_cast<int32_t>(tile / tiles_a_head()),
          static_cast<int32_t>(query),
          static_cast<int32_t>(count),
          static_cast<int32_t>(from / kSplitPositions),
          static_cast<int32_t>((to + kSplitPositions - 1) / kSplitPositions),
          -1};
}

bool UnitLister::is_cut() const {
  const bool few_rows = (query_end_ - query_begin_) / shape_.group() <= kFewRows;
  return split_end_ - split_begin_ > 1 && tiles() <= kMaxCutTiles && (few_tiles_ || few_rows);
}

void UnitLister::list_tiles(Lists& lists) {
  for (; tile_ < tiles() && lists.unit_count < kMaxUnits; ++tile_) {
    const AttentionUnit unit = unit_of(tile_);
    work_ += unit.query_count * (unit.split_end - unit.split_begin) * kSplitPositions * (shape_.key_dim + shape_.value_dim);
    lists.units[lists.unit_count++] = unit;
  }
  if (tile_ == tiles()) leave_segment();
}

// False if the list must end here: the segment is unfinished, or its kept states are in use until the list is done.
bool UnitLister::list_splits(Lists& lists) {
  const int64_t tile_count = tiles(), room = std::min(slots_ - lists.slot_count, kMaxUnits - lists.unit_count) / tile_count;
  const int64_t taken = std::min(split_end_ - split_, room);
  if (taken == 0) return false;
  const bool begins = split_ == split_begin_, ends = split_ + taken == split_end_;
  for (int64_t t = 0; t < tile_count; ++t)
    lists.merges[lists.merge_count++] = {lists.unit_count + static_cast<int32_t>(t),
                                         lists.slot_count + static_cast<int32_t>(t * taken),
                                         static_cast<int32_t>(taken),
                                         static_cast<int32_t>(t),
                                         begins,
                                         ends};
  for (int64_t i = 0; i < taken; ++i)
    for (int64_t t = 0; t < tile_count; ++t) {
      AttentionUnit unit = unit_of(t);
      unit.split_begin = static_cast<int32_t>(split_ + i);
      unit.split_end = unit.split_begin + 1;
      unit.slot = lists.slot_count + static_cast<int32_t>(t * taken + i);
      work_ += unit.query_count * kSplitPositions * (shape_.key_dim + shape_.value_dim);
      lists.units[lists.unit_count++] = unit;
    }
  lists.slot_count += static_cast<int32_t>(tile_count * taken);
  split_ += taken;
  if (ends) leave_segment();
  return begins && ends;
}

bool UnitLister::next(AttentionUnit* units, int32_t* unit_count, AttentionMerge* merges, int32_t* merge_count) {
  Lists lists{.units = units, .merges = merges};
  work_ = 0;
  while (lists.unit_count < kMaxUnits && find_segment()) {
    if (!is_cut())
      list_tiles(lists);
    else if (!list_splits(lists))
      break;
  }
  *unit_count = lists.unit_count;
  *merge_count = lists.merge_count;
  return lists.unit_count > 0;
}

}  // namespace kt::cpu
