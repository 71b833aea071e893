// The words under which kt plan adds up the parts of a model: "attention", "routed experts".
#pragma once

#include <string>

#include "core/graph/graph.h"

namespace kt::core {

struct GroupLabel {
  std::string what;
  const Node* module = nullptr;  // one of those that are counted: "attention x 61"; null: not counted
};

// From the classes of the node and of the modules around it.
GroupLabel group_label(const Node& node);

}  // namespace kt::core
