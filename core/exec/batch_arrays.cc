#include "core/exec/batch_arrays.h"

#include <algorithm>

namespace kt::core {

void BatchArrays::reserve(int32_t tokens, int32_t segments, size_t groups) {
  for (auto* list : {&begin_, &count_, &first_}) list->reserve(static_cast<size_t>(segments));
  for (auto* list : {&token_segment_, &token_position_}) list->reserve(static_cast<size_t>(tokens));
  tables_.reserve(groups);
}

void BatchArrays::fill(const Batch& batch, const KvPool& pool, KtPhase phase) {
  for (auto* list : {&begin_, &count_, &first_, &token_segment_, &token_position_}) list->clear();
  tables_.resize(pool.group_count());
  int32_t row = 0;
  for (size_t s = 0; s < batch.segments.size(); ++s) {
    const Segment& segment = batch.segments[s];
    begin_.push_back(row);
    count_.push_back(segment.count);
    first_.push_back(segment.first_position);
    for (int32_t i = 0; i < segment.count; ++i) {
      token_segment_.push_back(static_cast<int32_t>(s));
      token_position_.push_back(segment.first_position + i);
    }
    row += segment.count;
  }
  // Room for the longest sequence from the start, so that a growing one never moves the tables.
  table_stride_ = pool.pages_of_a_sequence();
  for (size_t g = 0; g < tables_.size(); ++g) {
    tables_[g].resize(std::max(tables_[g].size(), batch.segments.size() * static_cast<size_t>(table_stride_)));
    for (size_t s = 0; s < batch.segments.size(); ++s) {
      const auto& pages = pool.block_table(g, batch.segments[s].sequence);
      std::copy(pages.begin(), pages.end(), tables_[g].begin() + static_cast<std::ptrdiff_t>(s) * table_stride_);
    }
  }
  view_ = {sizeof(KtBatch),       phase,         row,           static_cast<int32_t>(batch.segments.size()),
           begin_.data(),         count_.data(), first_.data(), token_segment_.data(),
           token_position_.data()};
}

}  // namespace kt::core
