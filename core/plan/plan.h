// From a bound graph to a flat list of steps: who runs in which order, and where every value lies in the arena.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace kt::core {

// The operator a node is bound to in one phase.
struct StepBinding {
  std::string operator_name;
  std::string device;  // "cpu", "fake:0"
  std::map<std::string, std::string, std::less<>> options;
  friend bool operator==(const StepBinding&, const StepBinding&) = default;
};

// nullptr: the node is expanded into its body.
using BindingOf = std::function<const StepBinding*(const Node&)>;

// How a value is stored: memory of its own, or a view of another value's.
struct ValuePlan {
  KtValue root = -1;            // the value whose memory this is; itself if it owns it; -1: not used by the plan
  int64_t first_element = 0;    // of the view, from the root's first element
  std::vector<int64_t> stride;  // in elements
  uint64_t offset = 0;          // of the root in the arena, bytes
  uint64_t bytes = 0;           // of the root, for the bucket's row counts
  std::string device;
};

struct Step {
  const Node* node = nullptr;  // nullptr: a copy between devices
  StepBinding binding;         // of a copy: the target device
  std::vector<KtValue> inputs;
  std::vector<KtValue> outputs;
  std::vector<std::string> waits;  // devices that the host waits for before the step, because it reads what they copied out
  std::string after;               // a device whose queued work comes before the step, without the host waiting
};

struct ShapeBucket {
  int64_t tokens = 1;
  int64_t outputs = 1;
};

struct Plan {
  KtPhase phase = KT_DECODE;
  ShapeBucket bucket;
  std::vector<Step> steps;
  std::vector<Value> values;                             // of the graph, then those that copies made
  std::vector<ValuePlan> storage;                        // by value
  std::map<std::string, uint64_t> arena_bytes;           // by device
  std::vector<std::pair<std::string, KtValue>> inputs;   // of the graph, on the host
  std::vector<std::pair<std::string, KtValue>> outputs;  // of the graph, on the host
};

// Steps of a device other than the host are queued on its one stream, which keeps their order; between two devices values go
// through the host. Memory that a queued copy still reads is not used again before the host has waited for its device. KT-E0615
// if a primitive is bound to nothing, or a view cannot be expressed with strides.
Result<Plan> make_plan(const Graph& graph, const BindingOf& binding_of, KtPhase phase, const ShapeBucket& bucket);

// One line a step and a summary of the arenas; stable, without addresses.
std::string print_plan(const Plan& plan);

}  // namespace kt::core
