// Threads for the operators under test. Chunks are handed out in an order that changes from call to call, and as small as
// allowed.
#pragma once

#include <cstdint>
#include <memory>

#include "core/plugin/call_context.h"

namespace kt::conformance {

class Team final : public KtCallContext {
 public:
  explicit Team(int32_t threads);
  ~Team() override;
  void parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) override;
  void parallel_region(KtRegionFn function, void* user) override;
  void barrier() override;
  int32_t threads() const override { return threads_; }

 private:
  struct Gate;
  int32_t threads_;
  uint64_t calls_ = 0;
  std::unique_ptr<Gate> gate_;
};

}  // namespace kt::conformance
