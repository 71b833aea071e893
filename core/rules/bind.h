// Puts an operator on every node of a graph as the rules say, for each phase, or says everything that is wrong with the rules.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/status.h"
#include "core/graph/graph.h"
#include "core/plan/plan.h"
#include "core/rules/load.h"
#include "core/rules/machine.h"
#include "core/rules/operator_table.h"
#include "core/rules/rule_set.h"

namespace kt::core {

// Phases that are bound; the index is the KtPhase.
constexpr std::array<KtPhase, 2> kBoundPhases = {KT_PREFILL, KT_DECODE};
template <class T>
using PerPhase = std::array<T, kBoundPhases.size()>;

struct BindOptions {
  bool allow_missing_devices = false;  // an absent device is a warning for every rule; the node stays on its parent's device
  bool allow_unused_rules = false;     // "matches nothing" and "shadowed" are warnings for every file
  bool strict = false;                 // warnings are errors
};

// What became of a visited node in one phase.
struct NodeBinding {
  bool expanded = false;  // computed by its body; `step` then has only the device that the body inherits
  StepBinding step;       // options hold every option that the operator declares
  int rule = -1;          // index into RuleSet::rules, or -1: no rule matched
  std::string reason;     // in words: "rule 'experts'", "best of cpu.linear 20, ref.linear 1"
};

// What a rule did.
struct RuleUse {
  PerPhase<int> matched = {};          // nodes it decided
  std::vector<std::string> operators;  // that it put in place, in order of first use
  std::vector<std::string> devices;
  std::vector<std::string> notes;  // "skipped: when device(\"cuda:0\") does not hold"
  bool skipped = false;            // its `when` does not hold
  int nodes = 0;                   // matched in either phase
};

// A graph and the operator of each of its nodes. Borrows the graph's nodes.
class BoundGraph {
 public:
  // The binding of a node in a phase; null if it is expanded, a view, or lies below a bound module.
  const StepBinding* find(const Node& node, KtPhase phase) const;
  // How a node came to its binding; null if no walk reached it in that phase.
  const NodeBinding* how(const Node& node, KtPhase phase) const;

  RuleSet rules;
  std::vector<RuleUse> uses;    // of `rules.rules`, by index
  std::vector<Error> warnings;  // by file, line and column

 private:
  friend class Binder;
  struct Entry {
    bool reached = false;
    NodeBinding binding;
  };
  std::unordered_map<const Node*, PerPhase<Entry>> nodes_;
};

// Everything that is wrong, or the bound graph.
struct BindAttempt {
  BoundGraph bound;
  std::vector<Error> errors;  // by file, line and column, at most 20; not empty: `bound` holds only its report
};

// One pre-order walk a phase. Errors of reading the files are among the errors.
BindAttempt try_bind(const Graph& graph, const RuleSet& rules, const OperatorTable& operators, const Machine& machine,
                     const BindOptions& options);

// The same; the error is the first, with the others in `rest`.
Result<BoundGraph> bind(const Graph& graph, const RuleSet& rules, const OperatorTable& operators, const Machine& machine,
                        const BindOptions& options);

// "FILE:LINE:COL: warning[KT-W0203]: TEXT\n  hint: TEXT"; without a file "kt: warning[KT-W....]: TEXT".
std::string warning_text(const Error& warning);

// Who computes what, one line a node and phase that a rule or the best-scoring operator decided; stable, in order of the walk.
std::string print_binding(const Graph& graph, const BoundGraph& bound);

}  // namespace kt::core
