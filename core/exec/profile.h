// Where the time of runs goes: every executed step with its begin and its length.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "core/plan/plan.h"
#include "kt/abi.h"

namespace kt::core {

// One thread only. Steps are those of plans that outlive the profile.
class Profile {
 public:
  using Clock = std::chrono::steady_clock;

  struct Run {
    const Plan* plan;
    int64_t tokens, outputs;  // rows
    Clock::time_point begin, end;
  };
  struct Event {
    uint32_t run, step;  // indices in runs() and in the run's plan
    Clock::time_point begin;
    int64_t nanoseconds;
  };
  // What one step of a plan did in all runs.
  struct StepTotal {
    uint64_t calls = 0;
    int64_t nanoseconds = 0;
    int64_t cache_rows = 0;  // positions of the KV cache that it read
  };

  // Events beyond this many are counted in the totals only.
  static constexpr size_t kMaxEvents = size_t{1} << 20;

  void begin_run(const Plan& plan, const KtBatch& batch, int64_t outputs);
  void add_step(size_t step, Clock::time_point begin);  // that ends now
  void end_run();

  const std::vector<Run>& runs() const { return runs_; }
  const std::vector<Event>& events() const { return events_; }
  uint64_t dropped_events() const { return dropped_; }
  // By plan: totals of its steps.
  const std::map<const Plan*, std::vector<StepTotal>>& totals() const { return totals_; }

 private:
  std::vector<Run> runs_;
  std::vector<Event> events_;
  std::map<const Plan*, std::vector<StepTotal>> totals_;
  std::vector<StepTotal>* current_ = nullptr;
  uint64_t dropped_ = 0;
};

}  // namespace kt::core
