// What is wrong in rule files as kt rules prints it: the message, the line of the file with the place marked, and near misses.
#pragma once

#include <string>
#include <vector>

#include "apps/kt/rules.h"
#include "core/rules/near_miss.h"

namespace kt::app {

// A rule that matches nothing, and what it comes near to.
struct Miss {
  int rule = 0;  // index into RuleSet::rules
  core::NearMiss near;
  std::vector<core::Taken> takes;  // after the repair
};

// Of the rules whose expression is found in no node, by place in the files.
std::vector<Miss> near_misses(const core::Graph& graph, const core::BoundGraph& bound);

// Errors, then warnings, as text that ends with a newline; "" if there are none.
std::string problems_text(const Console& console, const core::Graph& graph, const core::BoundGraph& bound,
                          const std::vector<core::Error>& errors, const std::vector<core::Error>& warnings);

core::Json misses_json(const core::BoundGraph& bound, const std::vector<Miss>& misses);

}  // namespace kt::app
