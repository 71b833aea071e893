#include "core/rules/explain.h"

namespace kt::core {

Explanation explain(const Graph& graph, const BoundGraph& bound, const Machine& machine, const Node& node, KtPhase phase) {
  const Matcher matcher(graph);
  Explanation out;
  out.how = bound.how(node, phase);
  for (const Node* at = node.parent; !out.how && at; at = at->parent) {
    out.how = bound.how(*at, phase);
    if (out.how) out.inside = at;
  }
  bool decided = false;
  for (size_t r = 0; r < bound.rules.rules.size(); ++r) {
    const Rule& rule = bound.rules.rules[r];
    RuleTrial trial{static_cast<int>(r), RuleTrial::Outcome::kNoMatch, matcher.keys(rule.match, node)};
    bool holds = true;
    if (rule.match.phase) {
      static constexpr const char* kNames[] = {"prefill", "decode", "train"};
      trial.keys.push_back({"phase", *rule.match.phase == phase, kNames[*rule.match.phase]});
    }
    if (rule.when) trial.keys.push_back({"when", rule.when->holds(machine), rule.when->text()});
    for (const Matcher::Key& key : trial.keys) holds = holds && key.holds;
    if (decided || out.inside)
      trial.outcome = RuleTrial::Outcome::kNotReached;
    else if (rule.when && !rule.when->holds(machine))
      trial.outcome = RuleTrial::Outcome::kSkipped;
    else if (holds)
      trial.outcome = RuleTrial::Outcome::kDecided;
    decided = decided || trial.outcome == RuleTrial::Outcome::kDecided;
    out.trials.push_back(std::move(trial));
  }
  return out;
}

}  // namespace kt::core
