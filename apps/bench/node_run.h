// Runs single nodes of a graph on host memory, outside any plan.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/exec/operator_instance.h"
#include "core/exec/thread_team.h"

namespace kt::bench {

// Four-byte elements of a value: float32 or int32.
struct HostValue {
  int32_t dtype = KT_F32;
  std::vector<int64_t> shape;
  std::vector<float> elements;  // int32 values keep their bits

  int32_t* ints() { return reinterpret_cast<int32_t*>(elements.data()); }
};

using Values = std::map<KtValue, HostValue>;
// Weights by canonical name.
using WeightMemory = std::map<std::string, const std::byte*>;

// A value of the graph with `rows` for its symbolic dimension.
HostValue host_value(const core::Graph& graph, KtValue value, int64_t rows);

// An operator made for a node, with room for runs of up to `most_rows` rows.
class NodeRunner {
 public:
  static core::Result<NodeRunner> make(const core::Registry& registry, const core::Node& node, const core::StepBinding& binding,
                                       const WeightMemory& weights, int64_t most_rows, int32_t threads);

  // Reads the inputs from `values` and writes the outputs there; they must exist.
  core::Status run(Values& values, int32_t rows, core::ThreadTeam& team);

 private:
  const core::Node* node_ = nullptr;
  std::shared_ptr<core::OperatorInstance> instance_;
  core::Buffer scratch_;
};

// Computes a module by the operators of plugin ref, primitive by primitive; makes the values in between.
core::Status run_by_reference(const core::Registry& registry, const core::Node& module, const WeightMemory& weights,
                              Values& values, int32_t rows, core::ThreadTeam& team);

// The options of an operator with their defaults, `activations` replaced where it is declared.
std::map<std::string, std::string, std::less<>> option_values(const core::OperatorInfo& info, const std::string& activations);

}  // namespace kt::bench
