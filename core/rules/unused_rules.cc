#include "core/rules/unused_rules.h"

#include <algorithm>
#include <set>

#include "core/rules/codes.h"
#include "core/rules/cpu_budget.h"
#include "core/rules/near_miss.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

class UnusedRules {
 public:
  UnusedRules(const RuleSet& rules, const std::vector<Activation>& activations, const std::vector<NodeSet>& matches,
              const Matcher& matcher, BoundGraph& bound, const BindOptions& options, Findings& out)
      : rules_(rules),
        activations_(activations),
        matches_(matches),
        matcher_(matcher),
        bound_(bound),
        options_(options),
        out_(out) {}

  void run() {
    for (size_t first = 0; first < rules_.rules.size();) {
      size_t last = first + 1;  // several rules may come from one written rule
      while (last < rules_.rules.size() && same_written(first, last)) ++last;
      check(first, last);
      first = last;
    }
  }

 private:
  bool same_written(size_t a, size_t b) const {
    return rules_.rules[a].file == rules_.rules[b].file && rules_.rules[a].number == rules_.rules[b].number;
  }

  void check(size_t first, size_t last) {
    bool active = false, matched = false;
    for (size_t r = first; r < last; ++r) {
      const RuleUse& use = bound_.uses[r];
      if (use.matched[KT_PREFILL] + use.matched[KT_DECODE] > 0) return;
      active = active || activations_[r].active;
      matched = matched || !matches_[r].empty();
    }
    if (!active) return;
    if (matched)
      shadowed(first, last);
    else
      matches_nothing(last - 1);
  }

  // A rule of a file that nobody named may well be for another model.
  void report(size_t r, Error problem) {
    const Rule& rule = rules_.rules[r];
    bound_.uses[r].notes.push_back(problem.code == rules::kShadowed ? "! shadowed" : "! matched nothing");
    if (rule.optional) return;
    if (rule.lenient || options_.allow_unused_rules)
      out_.warnings.push_back(std::move(problem));
    else if (rules_.files[static_cast<size_t>(rule.file)].named)
      out_.errors.push_back(std::move(problem));
  }

  void matches_nothing(size_t r) {
    const Rule& rule = rules_.rules[r];
    const auto& classes = rule.match.classes;
    const bool unknown_class = !classes.empty() && std::none_of(classes.begin(), classes.end(),
                                                                [&](const PlacedText& c) { return matcher_.has_class(c.text); });
    if (unknown_class && !rule.lenient && !rule.match.python_class) return;  // already said
    constexpr int kMostExplained = 20;                                       // as many as are shown
    const bool explained = explained_++ < kMostExplained && !budget_.spent();
    const std::string near = explained ? matcher_.near_miss(rule.match) : "";
    const bool list_form = rules_.files[static_cast<size_t>(rule.file)].list_form;
    const bool lenient = rule.lenient || options_.allow_unused_rules;
    std::string hint = near;
    const bool whole_name = explained && rule.match.name && rule.match.within.empty() && !rule.match.parent_name;
    const auto miss = whole_name ? near_miss(*rule.match.name, matcher_) : std::nullopt;
    if (miss && miss->repair) hint += "; try name: '" + miss->repair->expression + "'";
    if (list_form && !lenient)
      hint = "run 'kt inspect --graph MODEL' for the names; --allow-unused-rules turns this into a warning";
    if (list_form && !lenient && !near.empty()) bound_.uses[r].notes.push_back(near);
    report(r,
           fail_at(rule.match.place, rules::kMatchesNothing, rule.label() + " matches no node of this model", std::move(hint)));
  }

  void shadowed(size_t first, size_t last) {
    std::set<int> takers;
    for (size_t r = first; r < last; ++r)
      for (const Node* node : matches_[r]) add_takers(rules_.rules[r], *node, takers);
    std::vector<std::string> words;
    std::set<std::pair<int, int>> named;
    for (const int taker : takers) {
      const Rule& other = rules_.rules[static_cast<size_t>(taker)];
      if (!named.emplace(other.file, other.number).second) continue;
      const bool same_file = other.file == rules_.rules[first].file;
      words.push_back(other.label() + " (" + (same_file ? "line " : other.place.file + ":") + std::to_string(other.place.line) +
                      ")");
    }
    constexpr size_t kShown = 4;
    const bool more = words.size() > kShown;
    if (more) words.resize(kShown);
    const Rule& rule = rules_.rules[first];
    std::string by = words.empty()
                         ? "other rules take"
                         : join(words, " and ") + (more ? " and others" : "") + (words.size() == 1 ? " takes" : " take");
    report(first, fail_at(rule.match.place, rules::kShadowed, rule.label() + " can never match: " + by + " all its nodes",
                          "put the more exact rule first"));
  }

  // The rules that decided a node, or the module around it.
  void add_takers(const Rule& rule, const Node& node, std::set<int>& out) const {
    for (const KtPhase phase : kBoundPhases) {
      if (rule.match.phase && *rule.match.phase != phase) continue;
      const Node* at = &node;
      while (at && !bound_.how(*at, phase)) at = at->parent;
      const NodeBinding* binding = at ? bound_.how(*at, phase) : nullptr;
      while (at && binding && binding->rule < 0) {
        at = at->parent;
        binding = at ? bound_.how(*at, phase) : nullptr;
      }
      if (binding) out.insert(binding->rule);
    }
  }

  const RuleSet& rules_;
  const std::vector<Activation>& activations_;
  const std::vector<NodeSet>& matches_;
  const Matcher& matcher_;
  BoundGraph& bound_;
  const BindOptions& options_;
  Findings& out_;
  int explained_ = 0;
  const CpuBudget budget_{0.5};
};

}  // namespace

void report_unused_rules(const RuleSet& rules, const std::vector<Activation>& activations, const std::vector<NodeSet>& matches,
                         const Matcher& matcher, BoundGraph& bound, const BindOptions& options, Findings& out) {
  UnusedRules(rules, activations, matches, matcher, bound, options, out).run();
}

}  // namespace kt::core
