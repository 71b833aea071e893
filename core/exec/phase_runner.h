// Runs the steps of one plan: all tensors and calls are made at load, a run only patches row counts and pointers.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/exec/batch.h"
#include "core/exec/batch_arrays.h"
#include "core/exec/kv_pool.h"
#include "core/exec/operator_instance.h"
#include "core/plan/plan.h"
#include "core/plugin/call_context.h"

namespace kt::core {

class PhaseRunner {
 public:
  // `instances[i]` computes step i of the plan.
  PhaseRunner(Plan plan, std::vector<std::shared_ptr<OperatorInstance>> instances);

  // Places the values in the arena and gives operators their scratch; called once before the first run.
  void attach(std::byte* arena, std::byte* scratch, uint64_t scratch_size, KtCallContext& team);
  uint64_t scratch_size(int32_t threads) const;
  uint64_t arena_bytes() const;

  // Logits [outputs, vocab], valid until the next run of either phase.
  Result<std::span<const float>> run(const Batch& batch, const BatchArrays& arrays, const KvPool& pool);

  const Plan& plan() const { return plan_; }
  void count_steps(std::map<std::string, uint64_t>& counts) const;

 private:
  struct Call {
    std::vector<const KtTensor*> inputs, outputs;
    KtPagedState state{};
    KtCall call{};
  };
  struct RowCount {
    int64_t* dim;
    int64_t symbol;
  };

  void make_tensor(KtValue value);
  void make_call(size_t step);
  void patch_rows(int64_t tokens, int64_t outputs);
  void fill_inputs(const Batch& batch, const BatchArrays& arrays);

  Plan plan_;
  std::vector<std::shared_ptr<OperatorInstance>> instances_;
  std::vector<KtTensor> tensors_;  // by value
  std::vector<Call> calls_;
  std::vector<RowCount> row_counts_;
  int64_t tokens_ = -1, outputs_ = -1;
  std::byte* arena_ = nullptr;
  uint64_t runs_ = 0;
};

}  // namespace kt::core
