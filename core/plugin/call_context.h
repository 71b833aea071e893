// The threads an operator may use during one run; implemented by the executor.
#pragma once

#include "kt/abi.h"

struct KtCallContext {
  virtual ~KtCallContext() = default;
  virtual void parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) = 0;
  virtual void parallel_region(KtRegionFn function, void* user) = 0;
  virtual void barrier() = 0;
  virtual int32_t threads() const = 0;
};
