// A graph with its repeated parts told once: "layers.{0..60}" stands for modules that are alike but for their number.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/graph/graph.h"

namespace kt::core {

struct FoldedNode {
  std::string name;               // relative to the part it stands in: "layers.{3..60}"
  const Node* example = nullptr;  // the first of those it stands for
  int count = 0;                  // of all of them, in all repetitions of what is around them
  int nodes = 0;                  // in all of them, themselves included
  uint64_t bytes = 0;             // of their weights
  std::set<int32_t> dtypes;       // of those
  std::vector<FoldedNode> parts;
};

// Modules, and nodes with weights of their own. Parts are alike if class, attributes, shapes of weights and what is inside are.
std::vector<FoldedNode> fold(const Graph& graph);

// "0..2", "1,3,5..9"; `numbers` ascend.
std::string range_text(const std::vector<int>& numbers);

}  // namespace kt::core
