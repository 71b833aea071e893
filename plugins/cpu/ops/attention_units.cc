#include "plugins/cpu/ops/attention_units.h"

namespace kt::cpu {
namespace {

// Rows of a segment up to which a long sequence is cut into splits even if there is other work for all threads.
constexpr int64_t kFewRows = 8;
constexpr int64_t kManySplits = 8;

struct Rows {
  int64_t begin, end;
};

Rows rows_of(const KtBatch& batch, int32_t segment, int64_t row_begin, int64_t row_end) {
  const int64_t first = batch.segment_begin[segment], count = batch.segment_count_of[segment];
  return {std::clamp<int64_t>(row_begin - first, 0, count), std::clamp<int64_t>(row_end - first, 0, count)};
}

}  // namespace

UnitLister::UnitLister(const AttentionShape& shape, const KtBatch& batch, int64_t row_begin, int64_t row_end, int32_t threads,
                       int32_t slots)
    : shape_(shape), batch_(batch), row_begin_(row_begin), row_end_(row_end), slots_(slots), alone_(threads == 1) {
  int64_t tiles = 0;
  for (int32_t s = 0; s < batch.segment_count; ++s) {
    const Rows rows = rows_of(batch, s, row_begin, row_end);
    tiles += ((rows.end - rows.begin) * shape.group() + kSplitQueries - 1) / kSplitQueries * shape.kv_heads;
  }
  few_tiles_ = tiles < 4 * int64_t{threads};
}

bool UnitLister::find_tile() {
  for (; segment_ < batch_.segment_count; ++segment_, entered_ = false) {
    if (!entered_) {
      const Rows rows = rows_of(batch_, segment_, row_begin_, row_end_);
      query_begin_ = query_ = rows.begin * shape_.group();
      query_end_ = rows.end * shape_.group();
      head_ = 0;
      entered_ = true;
    }
    if (query_ < query_end_) return true;
  }
  return false;
}

void UnitLister::advance_tile() {
  split_ = -1;
  query_ += kSplitQueries;
  if (query_ < query_end_) return;
  if (++head_ < shape_.kv_heads)
    query_ = query_begin_;
  else
    query_ = query_end_;
}

bool UnitLister::next(AttentionUnit* units, int32_t* unit_count, AttentionMerge* merges, int32_t* merge_count) {
  int32_t listed = 0, merged = 0, slot = 0;
  work_ = 0;
  while (listed < kMaxUnits && find_tile()) {
    const int64_t count = std::min(kSplitQueries, query_end_ - query_), first_position = batch_.first_position[segment_];
    const int64_t first_row = query_ / shape_.group(), last_row = (query_ + count - 1) / shape_.group();
    const int64_t from = shape_.first_seen(first_position + first_row), to = first_position + last_row + 1;
    const int64_t split_begin = from / kSplitPositions, split_end = (to + kSplitPositions - 1) / kSplitPositions;
    const bool few_rows = batch_.segment_count_of[segment_] <= kFewRows && split_end - split_begin > kManySplits;
    AttentionUnit unit{segment_,
                       head_,
                       static_cast<int32_t>(query_),
                       static_cast<int32_t>(count),
                       static_cast<int32_t>(split_begin),
                       static_cast<int32_t>(split_end),
                       -1};
    const int64_t width = count * (shape_.key_dim + shape_.value_dim);
    if (split_end - split_begin == 1 || alone_ || !(few_tiles_ || few_rows)) {
      work_ += width * (to - from);
      units[listed++] = unit;
      advance_tile();
      continue;
    }
    if (slot == slots_) break;
    if (split_ < 0) split_ = split_begin;
    const int64_t taken = std::min<int64_t>({split_end - split_, slots_ - slot, kMaxUnits - listed});
    merges[merged++] = {listed, static_cast<int32_t>(taken), split_ == split_begin, split_ + taken == split_end};
    for (int64_t i = 0; i < taken; ++i, ++split_) {
      unit.split_begin = static_cast<int32_t>(split_);
      unit.split_end = static_cast<int32_t>(split_ + 1);
      unit.slot = slot++;
      units[listed++] = unit;
    }
    work_ += width * kSplitPositions * taken;
    if (split_ == split_end) advance_tile();
  }
  *unit_count = listed;
  *merge_count = merged;
  return listed > 0;
}

}  // namespace kt::cpu
