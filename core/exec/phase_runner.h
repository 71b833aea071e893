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
#include "core/exec/device.h"
#include "core/exec/kv_pool.h"
#include "core/exec/operator_instance.h"
#include "core/exec/profile.h"
#include "core/exec/run_checks.h"
#include "core/plan/plan.h"
#include "core/plugin/call_context.h"

namespace kt::core {

// Where the steps of one device find their values and their scratch.
struct WorkMemory {
  std::shared_ptr<Device> device;  // null: the host
  void* arena = nullptr;
  void* scratch = nullptr;
  uint64_t scratch_size = 0;
};

class PhaseRunner {
 public:
  // `instances[i]` computes step i of the plan; null where the step is a copy.
  PhaseRunner(Plan plan, std::vector<std::shared_ptr<OperatorInstance>> instances);

  // Places the values in the arenas, by device name, and gives operators their scratch; called once before the first run.
  void attach(const std::map<std::string, WorkMemory>& memory, KtCallContext& team);
  uint64_t scratch_size(const std::string& device, int32_t threads) const;
  uint64_t arena_bytes(const std::string& device) const;

  // Logits [outputs, vocab] on the host, valid until the next run of either phase. After an error nothing is queued any more.
  Result<std::span<const float>> run(const Batch& batch, const BatchArrays& arrays, const KvPool& pool);

  const Plan& plan() const { return plan_; }
  void count_steps(std::map<std::string, uint64_t>& counts) const;
  // Every run is recorded in `profile` from now on; null ends it. Each step on a device is then waited for, so that its time is its own.
  void set_profile(Profile* profile) { profile_ = profile; }
  // Every step is looked at from now on; null ends it. Steps on devices are waited for.
  void set_checks(RunChecks* checks) { checks_ = checks; }

 private:
  struct Call {
    Device* device = nullptr;  // whose stream the step is queued on; null: the host computes it
    bool to_host = false;      // of a copy
    Device* after = nullptr;
    std::vector<Device*> waits;
    std::vector<const KtTensor*> inputs, outputs;
    KtPagedState state{};
    KtCall call{};
    uint64_t executed = 0;
  };
  struct RowCount {
    int64_t* dim;
    int64_t symbol;
  };

  void make_tensor(KtValue value);
  void make_call(size_t step, KtCallContext& team);
  void patch_rows(int64_t tokens, int64_t outputs);
  void fill_inputs(const Batch& batch, const BatchArrays& arrays);
  Status run_step(size_t index, const BatchArrays& arrays, const KvPool& pool);
  Status copy(const Call& call);
  Status run_steps(const BatchArrays& arrays, const KvPool& pool);
  Status run_watched_steps(const BatchArrays& arrays, const KvPool& pool);
  Status run_watched_step(size_t index, const BatchArrays& arrays, const KvPool& pool);
  Status run_checked_step(size_t index, const BatchArrays& arrays, const KvPool& pool);
  Status wait_for_devices();

  Plan plan_;
  std::vector<std::shared_ptr<OperatorInstance>> instances_;
  std::map<std::string, WorkMemory> memory_;
  std::vector<KtTensor> tensors_;  // by value
  std::vector<Call> calls_;
  std::vector<RowCount> row_counts_;
  KtValue tokens_value_ = -1, positions_value_ = -1, output_rows_value_ = -1;  // -1: the graph does not use it
  int64_t tokens_ = -1, outputs_ = -1;
  Profile* profile_ = nullptr;
  RunChecks* checks_ = nullptr;
};

}  // namespace kt::core
