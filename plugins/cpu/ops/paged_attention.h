// Attention of the rows of a batch over their sequences' pages.
#pragma once

#include "plugins/cpu/ops/attention_units.h"
#include "plugins/cpu/ops/paged_rows.h"

namespace kt::cpu {

// Head h of row t is at base + t * row + h * head.
template <class T>
struct HeadRows {
  T* base = nullptr;
  int64_t row = 0, head = 0;

  T* at(int64_t t, int64_t h) const { return base + t * row + h * head; }
};

class PagedAttention {
 public:
  PagedAttention() = default;
  explicit PagedAttention(const AttentionShape& shape) : shape_(shape) {}

  const AttentionShape& shape() const { return shape_; }
  uint64_t scratch_size(int32_t threads) const;
  // For rows [row_begin, row_end) of the batch, whose keys and values are in the pages already. Row t of the batch is row
  // t - row_begin of q and out. `scratch` is the offset of scratch_size() bytes in the call's scratch.
  Status run(Call& call, int64_t row_begin, int64_t row_end, HeadRows<const float> q, HeadRows<float> out,
             uint64_t scratch) const;

 private:
  struct Run;
  struct Room;
  Room thread_room(Run& run, int32_t thread) const;
  SplitResult slot(Run& run, int32_t index) const;
  uint64_t thread_bytes() const;
  uint64_t expanded_bytes() const;
  uint64_t slot_bytes() const;
  void find_rows(Run& run, const AttentionUnit& unit, int64_t first, int64_t last, Room& room) const;
  void compute(Run& run, const AttentionUnit& unit, int32_t thread) const;
  void attend(Run& run, const AttentionUnit& unit, int64_t split, Room& room, const SplitResult& out) const;
  void merge(Run& run, const AttentionMerge& merge) const;
  void finish(Run& run, const AttentionUnit& unit, const SplitResult& result) const;

  AttentionShape shape_;
};

}  // namespace kt::cpu
