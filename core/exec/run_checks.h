// What is looked for around every step of a run when asked to: values that are no numbers, memory that is not the operator's own, and
// calls that do not come to an end. Without it a run does none of this.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/status.h"
#include "core/exec/memory_guard.h"
#include "kt/abi.h"

namespace kt::core {

struct RunCheckOptions {
  bool finite = false;                // outputs hold finite numbers only; KT-E0012
  bool memory = false;                // nothing behind outputs and scratch is written to; KT-E0619
  std::chrono::milliseconds limit{};  // of one step; 0: none
  // Called on another thread with the step that takes longer, once.
  std::function<void(const std::string& step)> on_limit;

  bool any() const { return finite || memory || limit.count() > 0; }
};

class RunChecks {
 public:
  explicit RunChecks(RunCheckOptions options);
  ~RunChecks();
  RunChecks(const RunChecks&) = delete;
  RunChecks& operator=(const RunChecks&) = delete;

  // Before and after one step; `step` names plugin, operator and node in errors. `call` is null where values on the host cannot be
  // looked at: for copies and on devices. `scratch`: bytes that the operator asked for.
  void begin(const std::string& step, const KtCall* call, uint64_t scratch);
  Status end(const KtCall* call);

 private:
  void watch();

  RunCheckOptions options_;
  MemoryGuard guard_;
  std::string step_;  // under mutex_, as are the next three
  std::chrono::steady_clock::time_point since_;
  bool running_ = false, ended_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread watchdog_;
};

}  // namespace kt::core
