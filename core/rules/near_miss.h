// Why an expression matches no node: the node it comes nearest to, where it stops, and a small change that would match.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "core/rules/bind.h"
#include "core/rules/matcher.h"
#include "core/rules/pattern.h"

namespace kt::core {

// A change of an expression that makes it match.
struct Repair {
  std::string expression;
  size_t edits = 0;  // characters put in, left out or replaced, whichever is more
  std::string what;  // "missing \"s\""
};

// The least change that lets `pattern` match `name`, of at most `most` edits. It already matches: nothing.
std::optional<Repair> repair(const Pattern& pattern, const std::string& name, size_t most = 8);

struct NearNode {
  std::string name;
  size_t edits = 0;  // of the repair; 0: none was found
};

struct NearMiss {
  std::string reached;            // how far into the nearest name the expression gets
  std::string left_over;          // of that name
  size_t stop = 0;                // the character of the expression, from 0, at which matching stops
  std::vector<NearNode> nearest;  // at most three, of different form
  int more = 0;                   // nodes that differ from the first only in their numbers
  std::optional<Repair> repair;   // of the expression, for the nearest node
};

// For an expression that is found in no node's name; nothing if the graph has no nodes or the expression is found.
std::optional<NearMiss> near_miss(const Pattern& pattern, const Matcher& matcher);

// Nodes that a rule would take from another (-1: from none) if its expression were `expression`.
struct Taken {
  int from = -1;  // index into RuleSet::rules
  int nodes = 0;
};
std::vector<Taken> would_take(const Graph& graph, const BoundGraph& bound, int rule, const std::string& expression);

// Nodes that `rule` matches and an earlier rule decides. In order of `rule`, then `by`.
struct Overlap {
  int rule = 0, by = 0;  // indexes into RuleSet::rules
  int nodes = 0;
};
std::vector<Overlap> overlaps(const Graph& graph, const BoundGraph& bound);

}  // namespace kt::core
