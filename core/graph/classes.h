// The classes of node that core defines, and those that plugins add.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph.h"

namespace kt::core {

class ClassTable {
 public:
  // The table with core's own classes.
  ClassTable();
  Status add(NodeClass node_class);  // KT-E0611 if the name is taken
  const NodeClass* find(std::string_view name) const;
  std::vector<std::string> names() const;  // sorted

 private:
  std::map<std::string, NodeClass, std::less<>> classes_;
};

}  // namespace kt::core
