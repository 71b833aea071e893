// The rows of a run, and paged states with random content for the positions before them.
#pragma once

#include <cstdint>
#include <vector>

#include "core/conformance/random.h"
#include "core/graph/graph.h"
#include "kt/abi.h"

namespace kt::conformance {

struct SegmentShape {
  int32_t first_position = 0;
  int32_t count = 1;
  int32_t table_row = 0;  // row of the state's block table
};

// KtBatch over arrays of its own. Not copyable: the view points into it.
class HostBatch {
 public:
  explicit HostBatch(const std::vector<SegmentShape>& segments);
  HostBatch(const HostBatch&) = delete;
  HostBatch& operator=(const HostBatch&) = delete;

  const KtBatch& view() const { return view_; }
  const std::vector<int32_t>& positions() const { return token_position_; }
  const std::vector<SegmentShape>& segments() const { return segments_; }
  int32_t rows() const { return view_.token_count; }

 private:
  std::vector<SegmentShape> segments_;
  std::vector<int32_t> begin_, count_, first_, token_segment_, token_position_;
  KtBatch view_{};
};

// Pages of keys and values. Positions before a segment's first row hold random rows; all else is NaN. Pages lie in random order,
// and those wholly behind the window of the first row are -1 in the block table.
class HostState {
 public:
  HostState(const core::StateSpec& spec, int32_t dtype, int32_t page_size, const std::vector<SegmentShape>& segments,
            Random& random);

  // The state as seen by a batch; valid until the next call.
  const KtPagedState& view(const HostBatch& batch);
  // The row [dim] of a position as float.
  std::vector<float> key(int32_t table_row, int32_t position, int64_t head) const {
    return row(keys_, spec_.key_dim, table_row, position, head);
  }
  std::vector<float> value(int32_t table_row, int32_t position, int64_t head) const {
    return row(values_, spec_.value_dim, table_row, position, head);
  }
  const core::StateSpec& spec() const { return spec_; }
  bool same_content(const HostState& other) const { return keys_ == other.keys_ && values_ == other.values_; }

 private:
  std::vector<float> row(const std::vector<unsigned char>& memory, int64_t dim, int32_t table_row, int32_t position,
                         int64_t head) const;
  void fill(std::vector<unsigned char>& memory, int64_t dim, int32_t table_row, int32_t position, Random& random);
  size_t row_bytes(int64_t dim) const;
  size_t address(int64_t dim, int32_t table_row, int32_t position, int64_t head) const;
  KtTensor tensor(std::vector<unsigned char>& memory, int64_t dim) const;

  core::StateSpec spec_;
  int32_t dtype_;
  int32_t page_size_;
  int64_t pages_ = 0, table_stride_ = 0;
  std::vector<int32_t> table_;        // [segments, table_stride]
  std::vector<int32_t> batch_table_;  // as the batch orders its segments
  std::vector<unsigned char> keys_, values_;
  KtTensor key_tensor_{}, value_tensor_{};
  KtPagedState view_{};
};

}  // namespace kt::conformance
