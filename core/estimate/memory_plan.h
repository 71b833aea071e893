// What a bound model needs of every device, added up before anything is loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/estimate/sizes.h"
#include "core/plugin/registry.h"
#include "core/rules/bind.h"

namespace kt::core {

// Weights of one kind of module on one device.
struct PlanGroup {
  std::string device;
  std::string what;  // "routed experts"
  int count = 0;     // modules; 0: not counted
  uint64_t bytes = 0;
  std::vector<std::string> operators;  // that read a hundredth of them or the cache, most bytes first
  std::vector<std::string> rules;      // that chose those: "auto#1"
};

struct DeviceNeed {
  uint64_t weights = 0;
  uint64_t cache = 0;        // KV, for the context
  uint64_t work = 0;         // values between nodes, and scratch of operators
  uint64_t token_bytes = 0;  // of weights that one decoded token reads
  uint64_t row_bytes = 0;    // of the cache, for one position

  uint64_t total() const { return weights + cache + work; }
};

struct MemoryPlan {
  RunSizes sizes;
  std::vector<int32_t> cache_dtypes;          // by state
  std::vector<PlanGroup> groups;              // in the order of the walk
  std::map<std::string, DeviceNeed> devices;  // by name
  uint64_t parameters = 0, active_parameters = 0;
  bool exact_work = true;  // false: some operator would not say its scratch without the values of its weights

  uint64_t cache_bytes(const std::string& device, int32_t context) const;
  std::string cache_types() const;  // "F16", or "F16 and Q8_0"
};

// Weights with equal names share their bytes, as tied embeddings do. Without it every weight has bytes of its own.
using SharedName = std::function<std::string(const WeightSpec&)>;

// Reads no weights. Errors: those of make_plan() and of operators that cannot be made.
Result<MemoryPlan> plan_memory(const Graph& graph, const BoundGraph& bound, const Registry& registry, const RunSizes& sizes,
                               const SharedName& shared_name = {});

}  // namespace kt::core
