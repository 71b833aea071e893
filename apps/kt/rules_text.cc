#include "apps/kt/rules_text.h"

#include <algorithm>

#include "apps/kt/source_line.h"
#include "core/rules/codes.h"
#include "core/rules/cpu_budget.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

std::string nodes_text(int count) { return std::to_string(count) + (count == 1 ? " node" : " nodes"); }

std::string label_of(const core::BoundGraph& bound, int rule) {
  const core::Rule& found = bound.rules.rules[static_cast<size_t>(rule)];
  return "rule " + std::to_string(found.number);
}

bool same_place(const core::Place& a, const core::Place& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

const Miss* miss_at(const core::Error& error, const core::BoundGraph& bound, const std::vector<Miss>& misses) {
  if (error.code != core::rules::kMatchesNothing) return nullptr;
  for (const Miss& miss : misses)
    if (same_place(bound.rules.rules[static_cast<size_t>(miss.rule)].match.place, error.place)) return &miss;
  return nullptr;
}

// The end of a long name, which is where names of one model differ.
std::string tail(const std::string& name, bool utf8) {
  constexpr size_t kShown = 40;
  return name.size() <= kShown ? name : (utf8 ? "…" : "...") + name.substr(name.size() - kShown);
}

std::string stop_text(const core::NearMiss& near, bool utf8) {
  if (near.reached.empty()) return "nothing of it is found in a node's name";
  return "stops matching here: \"" + tail(near.reached, utf8) + "\" matches" +
         (near.left_over.empty() ? ", and the name ends" : ", \"" + near.left_over.substr(0, 30) + "\" is left over");
}

std::string nearest_text(const core::NearMiss& near) {
  std::vector<std::string> names;
  for (const core::NearNode& node : near.nearest) {
    const bool edits = node.edits > 0 && node.edits <= 3;
    names.push_back(node.name + (edits ? " (" + std::to_string(node.edits) + (node.edits == 1 ? " edit)" : " edits)") : ""));
  }
  if (near.more > 0) names.resize(1);
  return "nearest nodes: " + core::join(names) + (near.more > 0 ? " and " + std::to_string(near.more) + " more like it" : "");
}

std::string takes_text(const Miss& miss, const core::BoundGraph& bound) {
  std::vector<std::string> from;
  for (const core::Taken& taken : miss.takes)
    from.push_back(nodes_text(taken.nodes) + (taken.from < 0 ? " that no rule decides" : " from " + label_of(bound, taken.from)));
  if (from.empty()) return "earlier rules would still take all its nodes";
  return "after the fix " + label_of(bound, miss.rule) + " takes " + core::join(from, " and ") + " (the first match wins)";
}

std::string miss_text(const Miss& miss, const core::BoundGraph& bound, bool utf8) {
  const std::string indent(8, ' ');
  std::string out = indent + stop_text(miss.near, utf8) + "\n" + indent + nearest_text(miss.near) + "\n";
  if (!miss.near.repair) return out;
  out += indent + "try:  name: '" + miss.near.repair->expression + "'   (" + miss.near.repair->what + ")\n";
  return out + (utf8 ? "  → " : "  -> ") + takes_text(miss, bound) + "\n";
}

std::string problem_text(const core::Error& problem, bool warning, const core::BoundGraph& bound, const std::vector<Miss>& misses,
                         bool utf8) {
  core::Error shown = problem;
  const Miss* miss = miss_at(problem, bound, misses);
  Mark mark;
  if (miss) {
    const core::Rule& rule = bound.rules.rules[static_cast<size_t>(miss->rule)];
    const bool list_form = bound.rules.files[static_cast<size_t>(rule.file)].list_form;
    if (!list_form && miss->near.repair) shown.hint = "try name: '" + miss->near.repair->expression + "'";
    mark.stop = miss->near.stop + 1;  // an expression stands in quotes, nearly always
  }
  std::string out = (warning ? core::warning_text(shown) : shown.text()) + "\n" + source_line(problem.place, mark, utf8);
  return miss ? out + miss_text(*miss, bound, utf8) : out;
}

}  // namespace

std::vector<Miss> near_misses(const core::Graph& graph, const core::BoundGraph& bound) {
  constexpr size_t kMost = 20;
  const core::Matcher matcher(graph);
  std::vector<Miss> out;
  const core::CpuBudget budget(0.5);
  for (size_t r = 0; r < bound.rules.rules.size() && out.size() < kMost && !budget.spent(); ++r) {
    const core::Rule& rule = bound.rules.rules[r];
    const bool idle = bound.uses.size() > r && bound.uses[r].nodes == 0 && !bound.uses[r].skipped;
    if (!idle || rule.broken || !rule.match.name || !rule.match.within.empty() || rule.match.parent_name) continue;
    auto near = core::near_miss(*rule.match.name, matcher);
    if (!near) continue;
    Miss miss{static_cast<int>(r), std::move(*near), {}};
    if (miss.near.repair) miss.takes = core::would_take(graph, bound, miss.rule, miss.near.repair->expression);
    out.push_back(std::move(miss));
  }
  return out;
}

std::string problems_text(const Console& console, const core::Graph& graph, const core::BoundGraph& bound,
                          const std::vector<core::Error>& errors, const std::vector<core::Error>& warnings) {
  const bool utf8 = std::string(console.ok_mark()) != "ok";
  const std::vector<Miss> misses = errors.empty() && warnings.empty() ? std::vector<Miss>() : near_misses(graph, bound);
  std::vector<std::string> texts;
  for (const core::Error& error : errors) texts.push_back(problem_text(error, false, bound, misses, utf8));
  for (const core::Error& warning : warnings) texts.push_back(problem_text(warning, true, bound, misses, utf8));
  return core::join(texts, "\n");
}

core::Json misses_json(const core::BoundGraph& bound, const std::vector<Miss>& misses) {
  core::Json out = core::Json::array();
  for (const Miss& miss : misses) {
    core::Json nearest = core::Json::array(), takes = core::Json::array();
    for (const core::NearNode& node : miss.near.nearest) nearest.push_back({{"node", node.name}, {"edits", node.edits}});
    for (const core::Taken& taken : miss.takes)
      takes.push_back(
          {{"rule", taken.from < 0 ? core::Json() : core::Json(bound.rules.rules[static_cast<size_t>(taken.from)].number)},
           {"nodes", taken.nodes}});
    out.push_back({{"rule", bound.rules.rules[static_cast<size_t>(miss.rule)].number},
                   {"reached", miss.near.reached},
                   {"left_over", miss.near.left_over},
                   {"stops_at", miss.near.stop},
                   {"nearest", nearest},
                   {"try", miss.near.repair ? core::Json(miss.near.repair->expression) : core::Json()},
                   {"takes", takes}});
  }
  return out;
}

}  // namespace kt::app
