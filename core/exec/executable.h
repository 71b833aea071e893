// A model ready to run: operators with their weights, plans for both phases, and the memory they work in.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/exec/batch.h"
#include "core/exec/buffer.h"
#include "core/exec/device.h"
#include "core/exec/kv_pool.h"
#include "core/exec/operator_instance.h"
#include "core/exec/phase_runner.h"
#include "core/exec/thread_team.h"
#include "core/plan/plan.h"

namespace kt::core {

struct LoadOptions {
  int threads = 1;
  int32_t max_tokens = 512;              // rows of the largest batch
  int32_t max_outputs = 64;              // rows of logits of the largest batch
  int32_t max_segments = 64;             // sequences of the largest batch
  bool duplicate_weights = false;        // allows a weight on two devices at once, when phases run a module on different ones
  std::function<void(double)> progress;  // 0..1, while weights are prepared
};

// The largest decode batch: every sequence brings at most kDecodeRows rows.
ShapeBucket decode_bucket(int32_t max_tokens, int32_t max_outputs, int32_t max_segments);

struct MemoryUse {
  uint64_t weights = 0;     // bytes of the files that operators use in place or were copied from
  uint64_t copies = 0;      // bytes of weights that had to be copied on the host
  uint64_t on_devices = 0;  // bytes of weights in the memory of devices
  uint64_t work = 0;        // arenas and scratch, on the host and on devices
};

class Executable {
 public:
  // `graph`, `registry` and `store` outlive the executable.
  static Result<std::unique_ptr<Executable>> load(const Graph& graph, const BindingOf& prefill, const BindingOf& decode,
                                                  const Registry& registry, const NameTable& names, const WeightStore& store,
                                                  const LoadOptions& options);

  // Runs the batch and records its rows in the pool. The logits, [output_rows, vocab] float32, are valid until the next run.
  // On an error nothing is recorded in the pool, its pages are as before, and the next run works. Logits that are no numbers are
  // an error (KT-E0012). Does not allocate once a batch of as many sequences has run.
  Result<std::span<const float>> run(const Batch& batch, KvPool& pool);

  int64_t vocab_size() const { return vocab_size_; }
  const LoadOptions& options() const { return options_; }
  const MemoryUse& memory() const { return memory_; }
  const Plan& plan(KtPhase phase) const { return (phase == KT_DECODE ? *decode_ : *prefill_).plan(); }
  // By state: where its pages must lie; null is the host.
  const std::vector<std::shared_ptr<Device>>& state_devices() const { return state_devices_; }
  // Records all later runs in `profile`, which must outlive them; null ends it. Costs nothing while it is null.
  void set_profile(Profile* profile);
  // Looks at every step of later runs.
  void set_checks(RunCheckOptions options);
  // Operators by name and the steps they ran, counted while running.
  std::map<std::string, uint64_t> executed_steps() const;

 private:
  Executable() = default;
  Status check(const Batch& batch, const KvPool& pool) const;
  Status make_work_memory(DeviceSet& devices);
  Status place_states(const Graph& graph, DeviceSet& devices);
  Result<std::span<const float>> run_reserved(const Batch& batch, KvPool& pool);

  LoadOptions options_;
  int64_t vocab_size_ = 0;
  MemoryUse memory_;
  std::unique_ptr<ThreadTeam> team_;
  std::unique_ptr<PhaseRunner> prefill_, decode_;
  std::vector<Buffer> work_;
  std::vector<DeviceBuffer> device_work_;
  std::vector<std::shared_ptr<Device>> state_devices_;
  BatchArrays arrays_;
  std::unique_ptr<RunChecks> checks_;
};

}  // namespace kt::core
