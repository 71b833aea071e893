#include "core/rules/bind.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "core/rules/codes.h"
#include "core/rules/cpu_budget.h"
#include "core/rules/rule_checks.h"
#include "core/rules/suggest.h"
#include "core/rules/unused_rules.h"

namespace kt::core {

// The walk. Results go into `bound_`, problems into `findings_`.
class Binder {
 public:
  Binder(const Graph& graph, const RuleSet& rules, const OperatorTable& operators, const Machine& machine,
         const BindOptions& options)
      : graph_(graph),
        rules_(rules),
        options_(options),
        matcher_(graph),
        chooser_(operators),
        checks_(rules, matcher_, chooser_, machine, options, graph.architecture, findings_) {
    bound_.rules = rules;
    bound_.uses.resize(rules.rules.size());
    findings_.errors = rules.errors;
    findings_.warnings = rules.warnings;
  }

  BindAttempt run() {
    checks_.check_architectures();
    for (const Placement& placement : rules_.placement) placements_.push_back(checks_.check(placement));
    for (size_t r = 0; r < rules_.rules.size(); ++r) {
      activations_.push_back(checks_.check(rules_.rules[r], bound_.uses[r]));
      find_matches(r);
    }
    for (const KtPhase phase : kBoundPhases)
      for (const auto& node : graph_.root->body) visit(*node, phase, "cpu", true);
    check_states();
    check_numerics();
    if (!over_budget_) report_unused_rules(rules_, activations_, matches_, matcher_, bound_, options_, findings_);
    return finish();
  }

 private:
  void find_matches(size_t r) {
    matches_.emplace_back();
    if (!activations_[r].active || !within_budget(r)) return;
    std::set<const Node*> anchors;
    for (const Node* node : matcher_.nodes())
      if (matcher_.holds(rules_.rules[r].match, *node)) {
        matches_.back().insert(node);
        anchors.insert(matcher_.anchor(rules_.rules[r].match, *node));
      }
    bound_.uses[r].nodes = static_cast<int>(anchors.size());
  }

  // Expressions of untrusted files may be slow on each of some thousand names.
  bool within_budget(size_t r) {
    if (!budget_.spent()) return true;
    over_budget_ = true;
    add_once(rules::kBadValue, rules_.rules[r > 0 ? r - 1 : r].match.place,
             "the expressions up to this rule take too long to search the model's names", "time",
             "avoid repeats inside of repeats, as in (a+)+, and several '.*' in a row");
    return false;
  }

  void visit(const Node& node, KtPhase phase, const std::string& inherited, bool tried) {
    if (is_view(node)) return;
    const std::string device = placed(node, phase, inherited);
    BoundGraph::Entry& entry = bound_.nodes_[&node][phase];
    entry.reached = true;
    const int r = tried ? deciding_rule(node, phase) : -1;
    entry.binding.rule = r;
    if (r < 0) return leave(node, phase, device, tried, entry.binding);
    const Rule& rule = rules_.rules[static_cast<size_t>(r)];
    ++bound_.uses[static_cast<size_t>(r)].matched[phase];
    const std::string chosen = activations_[static_cast<size_t>(r)].device.value_or(device);
    apply(node, phase, rule, chosen, entry.binding);
  }

  std::string placed(const Node& node, KtPhase phase, const std::string& inherited) const {
    for (size_t p = 0; p < placements_.size(); ++p) {
      const Match& match = rules_.placement[p].match;
      if (placements_[p].active && (!match.phase || *match.phase == phase) && matcher_.holds(match, node))
        return *placements_[p].device;
    }
    return inherited;
  }

  int deciding_rule(const Node& node, KtPhase phase) const {
    for (size_t r = 0; r < matches_.size(); ++r) {
      const auto& limit = rules_.rules[r].match.phase;
      if ((!limit || *limit == phase) && matches_[r].contains(&node)) return static_cast<int>(r);
    }
    return -1;
  }

  // A node that no rule names, or one left as it is.
  void leave(const Node& node, KtPhase phase, const std::string& device, bool tried, NodeBinding& binding) {
    if (node.is_module) return expand(node, phase, device, tried, binding);
    Choice found = chooser_.best(node, device, {});
    if (found.op) return take(found, device, binding);
    add_once(rules::kUnsupported, {},
             "no operator for nodes of class " + node.class_name + " on '" + device + "': '" + node.name + "'" +
                 (found.reason.empty() ? "" : " (" + found.reason + ")"),
             node.class_name + "@" + device);
  }

  void expand(const Node& node, KtPhase phase, const std::string& device, bool tried, NodeBinding& binding) {
    binding.expanded = true;
    binding.step.device = device;
    for (const auto& child : node.body) visit(*child, phase, device, tried);
  }

  void take(Choice& choice, const std::string& device, NodeBinding& binding) {
    binding.step = {choice.op->name, device, std::move(choice.options)};
    binding.reason = std::move(choice.reason);
    if (binding.rule < 0) return;
    RuleUse& use = bound_.uses[static_cast<size_t>(binding.rule)];
    const auto add = [](std::vector<std::string>& list, const std::string& word) {
      if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
    };
    add(use.operators, choice.op->name);
    add(use.devices, device);
  }

  void apply(const Node& node, KtPhase phase, const Rule& rule, const std::string& device, NodeBinding& binding) {
    const auto& named = rule.replace.operators;
    if (named.size() == 1 && named[0].text == "default") {
      note_device(binding.rule, device);
      return leave(node, phase, device, rule.recursive, binding);
    }
    Choice choice = chooser_.choose(rule.replace, node, device);
    const bool forgiving = rule.lenient || activations_[static_cast<size_t>(binding.rule)].device_absent;
    if (!choice.op && forgiving) choice = instead(node, device, rule, choice);
    if (choice.op) return take(choice, device, binding);
    if (choice.expand || (forgiving && node.is_module)) return leave(node, phase, device, rule.recursive, binding);
    if (!forgiving || !node.is_module) refuse(node, rule, choice.reason);
  }

  // The best operator on the device that the node has, for a rule whose own operators are not here.
  Choice instead(const Node& node, const std::string& device, const Rule& rule, const Choice& refused) const {
    Choice out = chooser_.best(node, device, rule.replace.options);
    if (!out.op) out = chooser_.best(node, device, {});
    if (out.op && !refused.reason.empty()) out.reason += "; " + refused.reason;
    return out;
  }

  void note_device(int rule, const std::string& device) {
    auto& devices = bound_.uses[static_cast<size_t>(rule)].devices;
    if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  }

  void refuse(const Node& node, const Rule& rule, const std::string& reasons) {
    const auto& named = rule.replace.operators;
    const Place place = named.empty() ? rule.replace.place : named[0].place;
    const bool all_known = std::all_of(named.begin(), named.end(), [&](const PlacedText& n) {
      return !wildcard_plugin(n.text).empty() || chooser_.table().find(n.text);
    });
    if (!all_known) return;  // already said
    const bool none_implements = std::all_of(named.begin(), named.end(), [&](const PlacedText& n) {
      const OperatorInfo* op = chooser_.table().find(n.text);
      return op && op->implements != node.class_name;
    });
    const std::string key = rule.label() + std::to_string(rule.file);
    if (!none_implements)
      return add_once(rules::kUnsupported, place,
                      rule.label() + ": no operator supports '" + node.name + "' (" + node.class_name + "): " + reasons, key);
    std::vector<std::string> names, fitting = chooser_.implementing(node.class_name);
    for (const PlacedText& n : named) names.push_back("'" + n.text + "'");
    constexpr size_t kShown = 8;
    if (fitting.size() > kShown) fitting.resize(kShown);
    add_once(rules::kUnsupported, place,
             (names.size() == 1 ? "operator " : "operators ") + join(names) + " cannot replace a node of class '" +
                 node.class_name + "'",
             key, fitting.empty() ? "" : "operators for " + node.class_name + ": " + join(fitting));
  }

  void add_once(int code, const Place& place, std::string message, const std::string& key, std::string hint = {}) {
    if (said_.insert(key).second) findings_.errors.push_back(fail_at(place, code, std::move(message), std::move(hint)));
  }

  // The rows of a state lie on one device and have one type, whatever the phase.
  void check_states() {
    std::map<KtState, const NodeBinding*> first;
    for (const Node* node : matcher_.nodes())
      for (const KtPhase phase : kBoundPhases) {
        const NodeBinding* binding = bound_.how(*node, phase);
        if (node->state < 0 || !binding || binding->expanded || binding->step.operator_name.empty()) continue;
        const auto [it, added] = first.emplace(node->state, binding);
        if (added) continue;
        if (it->second->step.device != binding->step.device)
          add_state_error(*node, *it->second, *binding,
                          "lie on '" + it->second->step.device + "' and on '" + binding->step.device + "'",
                          "give both phases the same device");
        const std::string a = cache_type(*it->second), b = cache_type(*binding);
        if (a != b && a != "auto" && b != "auto")
          add_state_error(*node, *it->second, *binding, "be kept as " + a + " and as " + b, "give both phases the same 'cache'");
      }
  }

  void add_state_error(const Node& node, const NodeBinding& a, const NodeBinding& b, const std::string& what, std::string hint) {
    const int r = std::max(a.rule, b.rule);
    add_once(rules::kUnsupported, r < 0 ? Place{} : rules_.rules[static_cast<size_t>(r)].place,
             "the state of '" + node.name + "' would " + what, "state " + std::to_string(r), std::move(hint));
  }

  // What operators with a state take as the type of its rows.
  static std::string cache_type(const NodeBinding& binding) {
    const auto found = binding.step.options.find("cache");
    return found == binding.step.options.end() ? "auto" : found->second;
  }

  // A token's result must not depend on the phase that computed it: both phases' operators give equal bits, or it is said.
  void check_numerics() {
    for (const Node* node : matcher_.nodes()) {
      const NodeBinding *prefill = bound_.how(*node, KT_PREFILL), *decode = bound_.how(*node, KT_DECODE);
      if (!prefill || !decode || equal_bits(*prefill, *decode)) continue;
      const int r = std::max(prefill->rule, decode->rule);
      if (!said_.insert("numerics " + std::to_string(r)).second) continue;
      findings_.warnings.push_back(
          fail_at(r < 0 ? Place{} : rules_.rules[static_cast<size_t>(r)].place, rules::kNumerics,
                  "'" + node->name + "' is computed by " + arithmetic(*prefill) + " in prefill and by " + arithmetic(*decode) +
                      " in decode: a result depends on the phase",
                  "give both phases one operator with the same options, or operators that share a numerics id"));
    }
  }

  bool equal_bits(const NodeBinding& a, const NodeBinding& b) const {
    if (a.expanded || b.expanded) return a.expanded == b.expanded;
    if (a.step.operator_name == b.step.operator_name) return a.step.options == b.step.options;
    const OperatorInfo *first = chooser_.table().find(a.step.operator_name),
                       *second = chooser_.table().find(b.step.operator_name);
    return !first || !second || (!first->numerics.empty() && first->numerics == second->numerics);
  }

  std::string arithmetic(const NodeBinding& binding) const {
    if (binding.expanded) return "its body";
    const OperatorInfo* op = chooser_.table().find(binding.step.operator_name);
    std::string words = op && !op->numerics.empty() ? op->numerics : "no numerics id";
    for (const auto& [name, value] : binding.step.options) words += ", " + name + ": " + value;
    return binding.step.operator_name + " (" + words + ")";
  }

  BindAttempt finish() {
    BindAttempt out;
    if (options_.strict) {
      for (Error& warning : findings_.warnings) findings_.errors.push_back(std::move(warning));
      findings_.warnings.clear();
    }
    bound_.warnings = sorted_errors(rules_, std::move(findings_.warnings), SIZE_MAX);
    out.errors = sorted_errors(rules_, std::move(findings_.errors));
    out.bound = std::move(bound_);
    return out;
  }

  const Graph& graph_;
  const RuleSet& rules_;
  const BindOptions options_;
  Matcher matcher_;
  OperatorChooser chooser_;
  Findings findings_;
  RuleChecks checks_;
  BoundGraph bound_;
  std::vector<Activation> placements_, activations_;
  std::vector<NodeSet> matches_;  // of each active rule, whatever the phase
  std::set<std::string> said_;
  const CpuBudget budget_{2.0};
  bool over_budget_ = false;
};

const NodeBinding* BoundGraph::how(const Node& node, KtPhase phase) const {
  const auto found = nodes_.find(&node);
  if (found == nodes_.end() || static_cast<size_t>(phase) >= kBoundPhases.size()) return nullptr;
  const Entry& entry = found->second[phase];
  return entry.reached ? &entry.binding : nullptr;
}

const StepBinding* BoundGraph::find(const Node& node, KtPhase phase) const {
  const NodeBinding* binding = how(node, phase);
  return binding && !binding->expanded && !binding->step.operator_name.empty() ? &binding->step : nullptr;
}

BindAttempt try_bind(const Graph& graph, const RuleSet& rules, const OperatorTable& operators, const Machine& machine,
                     const BindOptions& options) {
  return Binder(graph, rules, operators, machine, options).run();
}

Result<BoundGraph> bind(const Graph& graph, const RuleSet& rules, const OperatorTable& operators, const Machine& machine,
                        const BindOptions& options) {
  BindAttempt attempt = try_bind(graph, rules, operators, machine, options);
  if (attempt.errors.empty()) return std::move(attempt.bound);
  return joined_errors(std::move(attempt.errors));
}

std::string warning_text(const Error& warning) {
  std::string out = warning.text();
  const size_t word = out.find("error[KT-E");
  if (word != std::string::npos) out.replace(word, 10, "warning[KT-W");
  return out;
}

std::string print_binding(const Graph& graph, const BoundGraph& bound) {
  static constexpr const char* kNames[] = {"prefill", "decode"};
  std::string out;
  const auto line = [&](const Node& node, const char* phase, const NodeBinding& b) {
    out += node.name + " " + node.class_name + " " + phase + " ";
    out += b.expanded ? "body" : b.step.operator_name;
    out += " " + b.step.device;
    for (const auto& [name, value] : b.step.options) out += " " + name + "=" + value;
    out += b.rule < 0 ? std::string(" -") : " " + bound.rules.rules[static_cast<size_t>(b.rule)].label();
    out += "\n";
  };
  for (const Node* node : graph.nodes()) {
    const NodeBinding *prefill = bound.how(*node, KT_PREFILL), *decode = bound.how(*node, KT_DECODE);
    const bool same = prefill && decode && prefill->expanded == decode->expanded && prefill->step == decode->step &&
                      prefill->rule == decode->rule;
    if (same) {
      line(*node, "both", *prefill);
      continue;
    }
    if (prefill) line(*node, kNames[KT_PREFILL], *prefill);
    if (decode) line(*node, kNames[KT_DECODE], *decode);
  }
  return out;
}

}  // namespace kt::core
