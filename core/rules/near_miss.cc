#include "core/rules/near_miss.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/base/regex.h"
#include "core/rules/codes.h"
#include "core/rules/cpu_budget.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

constexpr size_t kLongestToRepair = 200;
constexpr double kSeconds = 0.1;  // for one expression; what is not found until then is not looked for

// The ends of the parts of an expression that stand beside each other at its top level, the empty beginning included: "a[bc]+$"
// has 0 1 6 7. Empty if it has alternatives at its top level.
std::vector<size_t> cuts(std::string_view text) {
  std::vector<size_t> out = {0};
  for (size_t at = 0; at < text.size();) {
    int depth = 0;
    do {
      if (text[at] == '\\') {
        ++at;
      } else if (text[at] == '[') {
        at += text.substr(at + 1, 1) == "^" ? 2 : 1;
        for (at += text.substr(at, 1) == "]"; at < text.size() && text[at] != ']'; ++at) at += text[at] == '\\';
      } else if (text[at] == '(' || text[at] == ')') {
        depth += text[at] == '(' ? 1 : -1;
      } else if (text[at] == '|' && depth == 0) {
        return {};
      }
      ++at;
    } while (at < text.size() && depth > 0);
    if (at < text.size() && text[at] == '{') at = std::min(text.find('}', at), text.size() - 1) + 1;
    while (at < text.size() && (text[at] == '*' || text[at] == '+' || text[at] == '?')) ++at;
    out.push_back(std::min(at, text.size()));
  }
  return out;
}

// Where a match of the expression in `name` ends.
std::optional<size_t> match_end(std::string_view expression, std::string_view name) {
  RegexOptions options;
  options.error_code = rules::kBadValue;
  options.match_limit = 20000;  // names are short; an expression that needs more is not worth a hint
  const Result<Regex> compiled = Regex::compile(expression, options);
  RegexMatch found;
  if (!compiled.ok() || compiled->search(name, 0, &found) != RegexOutcome::kMatch) return std::nullopt;
  return found.end;
}

struct Stop {
  size_t cut = 0;      // index into the cuts: the longest beginning of the expression that is found
  size_t reached = 0;  // characters of the name
};

Stop stop_of(const std::string& expression, const std::vector<size_t>& cut, const std::string& name) {
  size_t low = 0, high = cut.size() - 1;
  Stop out;
  while (low < high) {
    const size_t middle = (low + high + 1) / 2;
    const auto end = match_end(std::string_view(expression).substr(0, cut[middle]), name);
    if (end) {
      low = middle;
      out = {middle, *end};
    } else {
      high = middle - 1;
    }
  }
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '.' ? "\\." : std::string(1, c);
  return out;
}

std::string without_double_escapes(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\\\") == 0) ++i;
    out += text[i];
  }
  return out;
}

std::string change_text(std::string_view put_in, std::string_view left_out) {
  const auto quoted = [](std::string_view text) { return "\"" + std::string(text) + "\""; };
  if (left_out.empty()) return "missing " + quoted(put_in);
  if (put_in.empty()) return quoted(left_out) + " too much";
  return quoted(left_out) + " for " + quoted(put_in);
}

// Puts in `in` characters of the name and leaves out `out` parts of the expression, at the place where it stops.
std::optional<Repair> edited(const std::string& text, const std::vector<size_t>& cut, const std::string& name, const Stop& stop,
                             size_t in, size_t out) {
  if (stop.reached + in > name.size() || stop.cut + out >= cut.size()) return std::nullopt;
  const std::string_view put_in = std::string_view(name).substr(stop.reached, in);
  const std::string_view left_out = std::string_view(text).substr(cut[stop.cut], cut[stop.cut + out] - cut[stop.cut]);
  Repair made;
  made.expression = text.substr(0, cut[stop.cut]) + escaped(put_in) + text.substr(cut[stop.cut + out]);
  made.edits = std::max(in, out);
  made.what = change_text(put_in, left_out);
  return match_end(made.expression, name) ? std::optional(made) : std::nullopt;
}

// "model.layers.#.mlp": nodes that differ only in their numbers look alike.
std::string form_of(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const char kept = std::isdigit(static_cast<unsigned char>(c)) ? '#' : c;
    if (kept != '#' || out.empty() || out.back() != '#') out += kept;
  }
  return out;
}

// The expression without its signs, for comparing it with names.
std::string letters_of(const std::string& expression) {
  std::string out;
  for (const char c : expression)
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_') out += c;
  return out.substr(0, 256);
}

struct Candidate {
  const Node* node = nullptr;
  int alike = 0;
  size_t stop = 0, distance = 0;
  Stop where;
};

std::vector<Candidate> candidates_of(const Pattern& pattern, const std::vector<size_t>& cut, const Matcher& matcher,
                                     const CpuBudget& budget) {
  std::map<std::string, size_t> forms;
  std::vector<Candidate> out;
  const std::string letters = letters_of(pattern.text());
  for (const Node* node : matcher.nodes()) {
    if (budget.spent()) break;
    const auto [form, added] = forms.emplace(form_of(node->name), out.size());
    if (!added) {
      ++out[form->second].alike;
      continue;
    }
    Candidate made{node, 0, 0, edit_distance(letters, node->name), {}};
    if (!cut.empty()) made.where = stop_of(pattern.text(), cut, node->name);
    made.stop = cut.empty() ? 0 : cut[made.where.cut];
    out.push_back(made);
  }
  std::stable_sort(out.begin(), out.end(), [](const Candidate& a, const Candidate& b) {
    return a.stop != b.stop ? a.stop > b.stop : a.distance < b.distance;
  });
  return out;
}

}  // namespace

std::optional<Repair> repair(const Pattern& pattern, const std::string& name, size_t most) {
  const std::string& text = pattern.text();
  if (text.size() > kLongestToRepair || pattern.search(name)) return std::nullopt;
  if (const std::string single = without_double_escapes(text); single != text && match_end(single, name))
    return Repair{single, 1, "in single quotes a backslash stands for itself: write one, not two"};
  const std::vector<size_t> cut = cuts(text);
  if (cut.empty()) return std::nullopt;
  const Stop stop = stop_of(text, cut, name);
  if (stop.cut == 0) return std::nullopt;
  const CpuBudget budget(kSeconds);
  for (size_t edits = 1; edits <= most; ++edits)
    for (size_t other = 0; other <= edits && !budget.spent(); ++other) {
      if (auto made = edited(text, cut, name, stop, edits, other)) return made;
      if (auto made = edited(text, cut, name, stop, other, edits)) return made;
    }
  return std::nullopt;
}

std::optional<NearMiss> near_miss(const Pattern& pattern, const Matcher& matcher) {
  const CpuBudget budget(kSeconds);
  const auto found_in = [&](const Node* n) { return budget.spent() || pattern.search(n->name); };
  if (std::any_of(matcher.nodes().begin(), matcher.nodes().end(), found_in)) return std::nullopt;
  std::vector<size_t> cut = cuts(pattern.text());
  if (pattern.text().size() > kLongestToRepair) cut.clear();
  const std::vector<Candidate> found = candidates_of(pattern, cut, matcher, budget);
  if (found.empty()) return std::nullopt;
  constexpr size_t kShown = 3;
  NearMiss out;
  const Candidate& first = found[0];
  out.stop = first.stop;
  out.reached = first.node->name.substr(0, first.where.reached);
  out.left_over = first.node->name.substr(first.where.reached);
  for (size_t i = 0; i < std::min(kShown, found.size()); ++i) {
    const auto change = repair(pattern, found[i].node->name);
    out.nearest.push_back({found[i].node->name, change ? change->edits : 0});
    if (i == 0) out.repair = change;
  }
  const std::string form = form_of(first.node->name);
  const auto chosen = out.repair ? Pattern::compile(out.repair->expression) : Pattern::compile("^$");
  for (const Node* node : matcher.nodes())
    if (!budget.spent())
      out.more += chosen.ok() && node != first.node && form_of(node->name) == form && chosen->search(node->name);
  return out;
}

std::vector<Taken> would_take(const Graph& graph, const BoundGraph& bound, int rule, const std::string& expression) {
  const Matcher matcher(graph);
  Match match = bound.rules.rules[static_cast<size_t>(rule)].match;
  Result<Pattern> pattern = Pattern::compile(expression);
  if (!pattern.ok()) return {};
  match.name = std::move(*pattern);
  std::map<int, std::set<const Node*>> from;
  const CpuBudget budget(kSeconds);
  for (const Node* node : matcher.nodes()) {
    if (budget.spent() || !matcher.holds(match, *node)) continue;
    for (const KtPhase phase : kBoundPhases)
      if (const NodeBinding* how = bound.how(*node, phase)) from[how->rule].insert(node);
  }
  std::vector<Taken> out;
  for (const auto& [other, nodes] : from)
    if (other < 0 || other > rule) out.push_back({other, static_cast<int>(nodes.size())});
  return out;
}

std::vector<Overlap> overlaps(const Graph& graph, const BoundGraph& bound) {
  const CpuBudget budget(1.0);
  const Matcher matcher(graph);
  std::vector<Overlap> out;
  for (size_t r = 0; r < bound.rules.rules.size(); ++r) {
    const Rule& rule = bound.rules.rules[r];
    const RuleUse& use = bound.uses[r];
    const bool all_own = rule.match.within.empty() && !rule.match.phase && use.matched[KT_PREFILL] == use.nodes &&
                         use.matched[KT_DECODE] == use.nodes;
    std::map<int, std::set<const Node*>> by;
    if (budget.spent() || rule.broken || use.skipped || use.nodes == 0 || all_own) continue;
    for (const Node* node : matcher.nodes()) {
      if (!matcher.holds(rule.match, *node)) continue;
      for (const KtPhase phase : kBoundPhases) {
        const NodeBinding* how = rule.match.phase && *rule.match.phase != phase ? nullptr : bound.how(*node, phase);
        if (how && how->rule >= 0 && how->rule < static_cast<int>(r)) by[how->rule].insert(node);
      }
    }
    for (const auto& [other, nodes] : by) out.push_back({static_cast<int>(r), other, static_cast<int>(nodes.size())});
  }
  return out;
}

}  // namespace kt::core
