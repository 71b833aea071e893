// An operator made for a node and run on host memory, through its C table only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/plugin/registry.h"
#include "core/conformance/batch.h"
#include "core/conformance/data.h"
#include "core/conformance/weights.h"

namespace kt::conformance {

// How the memory of a run looks.
struct RunSetup {
  int32_t threads = 1;
  int64_t gap = 0;               // unused elements after each row
  unsigned char scratch = 0xFF;  // content of the scratch memory
};

struct RunResult {
  std::vector<Data> outputs;
  std::string damage;  // what was written that must not be: inputs, gaps, memory behind the scratch
};

class Operator {
 public:
  // `weights` in the order of node.weights.
  static core::Result<std::unique_ptr<Operator>> make(const core::OperatorEntry& entry, const core::Node& node,
                                                      const core::OptionValues& options, std::vector<HostWeight> weights);
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  // Outputs start as NaN. `state` may be null.
  core::Result<RunResult> run(const std::vector<Data>& inputs, const HostBatch& batch, HostState* state, const RunSetup& setup);

 private:
  Operator(const core::OperatorEntry& entry, const core::Node& node) : entry_(entry), node_(node) {}

  const core::OperatorEntry& entry_;
  const core::Node& node_;
  std::vector<HostWeight> weights_;
  void* self_ = nullptr;
};

// The weights of a node in its own order.
std::vector<HostWeight> weights_of(const core::Node& node, const std::map<std::string, HostWeight>& all);

}  // namespace kt::conformance
