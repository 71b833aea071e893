// Whether a plan fits a machine, and the smallest changes that would make it fit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/estimate/machine_file.h"
#include "core/estimate/memory_plan.h"

namespace kt::core {

struct Shortage {
  std::string device;
  uint64_t need = 0, free = 0;
};

// Flags that make a plan fit, and how much less the fullest device then needs.
struct PlanChange {
  std::string flags;  // "--ctk f16"
  int64_t saved = 0;
};

struct FitReport {
  std::vector<Shortage> shortages;  // empty: it fits
  std::vector<PlanChange> changes;  // alternatives, those of the least effect first; the last may hold several flags
  double bits_a_weight = 0;         // where no change helps: weights of at most so many bits would fit
  double bits_now = 0;

  bool fits() const { return shortages.empty(); }
};

using Replan = std::function<Result<MemoryPlan>(const RunSizes&)>;

// `replan` makes the plan again with other sizes.
Result<FitReport> check_fit(const MemoryPlan& plan, const MachineDescription& machine, const Replan& replan);

// KT-E0501 with the numbers, and the changes as its hint.
Error does_not_fit(const FitReport& report, const MachineDescription& machine);

// The largest context with which a plan fits, in whole pages; 0 if none does.
int32_t largest_context(const MemoryPlan& plan, const MachineDescription& machine);

}  // namespace kt::core
