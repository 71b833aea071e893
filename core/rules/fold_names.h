// Names of nodes that differ only in their layer, written as one: model.layers.{3..6}.mlp.experts.
#pragma once

#include <string>
#include <vector>

namespace kt::core {

struct FoldedName {
  std::string text;
  int count = 0;
};

// In order of the first of each; only the first number between two dots is folded.
std::vector<FoldedName> fold_names(const std::vector<std::string>& names);

}  // namespace kt::core
