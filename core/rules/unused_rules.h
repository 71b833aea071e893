// Finds rules that did nothing: their match holds nowhere, or earlier rules took every node.
#pragma once

#include <unordered_set>
#include <vector>

#include "core/rules/bind.h"
#include "core/rules/rule_checks.h"

namespace kt::core {

using NodeSet = std::unordered_set<const Node*>;

// Errors for rules of named files, warnings for lenient ones, notes in `bound.uses` for all others.
void report_unused_rules(const RuleSet& rules, const std::vector<Activation>& activations, const std::vector<NodeSet>& matches,
                         const Matcher& matcher, BoundGraph& bound, const BindOptions& options, Findings& out);

}  // namespace kt::core
