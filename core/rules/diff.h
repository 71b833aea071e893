// What changes between two bindings of one graph: operators, devices and options of nodes, and the weights that move.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/rules/bind.h"

namespace kt::core {

// A node whose binding changes in a phase. A module that one of the bindings expands stands for its whole body.
struct NodeChange {
  const Node* node = nullptr;
  KtPhase phase = KT_PREFILL;
  const NodeBinding* before = nullptr;
  const NodeBinding* after = nullptr;
};

// In order of the walk, all of prefill first. Both were bound to `graph` without errors.
std::vector<NodeChange> diff_bindings(const Graph& graph, const BoundGraph& before, const BoundGraph& after);

// Changes that are alike but for the layer, in both phases or one.
struct FoldedChange {
  std::string name;  // model.layers.{3..6}.mlp.experts
  std::string class_name;
  int count = 0;
  bool prefill = false, decode = false;
  const NodeBinding* before = nullptr;  // of one of them
  const NodeBinding* after = nullptr;
};
std::vector<FoldedChange> fold_changes(const std::vector<NodeChange>& changes);

// Bytes of weights that `after` reads on a device where `before` does not.
struct WeightMove {
  std::string from, to;
  uint64_t bytes = 0;
};
std::vector<WeightMove> moved_weights(const Graph& graph, const BoundGraph& before, const BoundGraph& after);

}  // namespace kt::core
