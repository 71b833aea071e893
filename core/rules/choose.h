// Which rules a model gets: those of the named files, else of the installed file with its name, else those kt makes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/graph/graph.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"
#include "core/rules/rule_set.h"

namespace kt::core {

struct RuleRequest {
  std::vector<std::string> files;    // as for load_rules(); {"auto"} or {""}: the rules kt makes; none: as the model has them
  std::string model;                 // as the user named it: a path, or a name
  std::vector<std::string> folders;  // of rule files
  std::map<std::string, std::string> vars;
};

struct ChosenRules {
  RuleSet rules;
  std::vector<std::string> files;  // as named, or the path of the model's own; empty: made by kt
  bool by_model = false;           // nobody named the file
};

// KT-E0208 if a named file is nowhere. A file that nobody named is treated like a shipped one: its unused rules are notes.
Result<ChosenRules> choose_rules(const RuleRequest& request, const Machine& machine, const Graph& graph,
                                 const OperatorTable& operators);

}  // namespace kt::core
