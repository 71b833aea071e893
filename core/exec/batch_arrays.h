// A batch as the arrays that operators read: segments, positions, and block tables for every KV group.
#pragma once

#include <cstdint>
#include <vector>

#include "core/exec/batch.h"
#include "core/exec/kv_pool.h"
#include "kt/abi.h"

namespace kt::core {

class BatchArrays {
 public:
  // Room for the largest batch, so that filling allocates only when a batch has more sequences than all earlier ones.
  void reserve(int32_t tokens, int32_t segments, size_t groups);
  // Pages for all rows of the batch must have been reserved in the pool.
  void fill(const Batch& batch, const KvPool& pool, KtPhase phase);

  const KtBatch& view() const { return view_; }
  const std::vector<int32_t>& positions() const { return token_position_; }
  const int32_t* block_table(size_t group) const { return tables_[group].data(); }
  int64_t table_stride() const { return table_stride_; }

 private:
  std::vector<int32_t> begin_, count_, first_, token_segment_, token_position_;
  std::vector<std::vector<int32_t>> tables_;  // [group]: [segments, table_stride]
  int64_t table_stride_ = 0;
  KtBatch view_{};
};

}  // namespace kt::core
