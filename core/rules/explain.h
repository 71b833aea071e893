// For one node: every rule in the order tried, which keys held, and which rule decided.
#pragma once

#include <string>
#include <vector>

#include "core/rules/bind.h"
#include "core/rules/matcher.h"

namespace kt::core {

struct RuleTrial {
  enum class Outcome { kNoMatch, kSkipped, kDecided, kNotReached };
  int rule = 0;  // index into RuleSet::rules
  Outcome outcome = Outcome::kNoMatch;
  std::vector<Matcher::Key> keys;  // with "phase" and "when" where the rule has them
};

struct Explanation {
  std::vector<RuleTrial> trials;
  const Node* inside = nullptr;      // the module that is bound as a whole around the node; no rule is tried then
  const NodeBinding* how = nullptr;  // of the node, or of `inside`
};

Explanation explain(const Graph& graph, const BoundGraph& bound, const Machine& machine, const Node& node, KtPhase phase);

}  // namespace kt::core
