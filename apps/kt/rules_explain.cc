// kt rules explain: every rule tried for one node, and which decided.
#include <cstdio>

#include "apps/kt/rules.h"
#include "apps/kt/rules_text.h"
#include "core/graph/text.h"
#include "core/rules/explain.h"
#include "core/rules/matcher.h"
#include "core/rules/suggest.h"
#include "kt/format/dtype.h"

namespace kt::app {
namespace {

std::string size_text(const core::Node& node) {
  double bytes = 0;
  for (const core::WeightSpec& weight : node.weights) {
    const format::DtypeInfo* type = format::dtype_info(weight.dtype);
    double elements = 1;
    for (const int64_t dim : weight.shape) elements *= static_cast<double>(dim);
    if (type) bytes += elements / type->block_elements * type->block_bytes;
  }
  return node.weights.empty() ? "no weights" : bytes_text(bytes) + " " + core::weight_type(node);
}

std::string shapes_text(const core::Graph& graph, const std::vector<KtValue>& values) {
  std::string out;
  for (const KtValue value : values) out += (out.empty() ? "" : " ") + core::symbolic_shape_text(graph.value(value).shape);
  return out;
}

// Why the expression of a rule is not found in a name: a small change that would help, or where it stops.
std::string name_text(const core::Matcher::Key& key, const core::Rule& rule, const std::string& node) {
  constexpr size_t kNear = 3;
  const bool whole_name = rule.match.name && rule.match.within.empty() && !rule.match.parent_name;
  const auto change = whole_name ? core::repair(*rule.match.name, node, kNear) : std::nullopt;
  if (!change) return key.found;
  return std::to_string(change->edits) + (change->edits == 1 ? " edit away, " : " edits away, ") + change->what;
}

std::string trial_text(const core::RuleTrial& trial, const core::Rule& rule, const std::string& node, bool utf8) {
  const char *yes = utf8 ? "✓" : "ok", *no = utf8 ? "✗" : "x";
  if (trial.outcome == core::RuleTrial::Outcome::kNotReached) return std::string(utf8 ? "–" : "-") + " not reached";
  std::string out;
  for (const core::Matcher::Key& key : trial.keys) {
    out += (out.empty() ? "" : " ") + std::string(key.holds ? yes : no) + " " + key.key;
    const std::string found = key.key == "name" && !key.holds ? name_text(key, rule, node) : key.found;
    if (!key.holds && !found.empty()) out += " (" + found + ")";
  }
  return out;
}

void print_explanation(const core::Explanation& found, const core::BoundGraph& bound, const std::string& node, bool utf8) {
  for (const core::RuleTrial& trial : found.trials) {
    const core::Rule& rule = bound.rules.rules[static_cast<size_t>(trial.rule)];
    const std::string name = shown_name(rule);
    std::string arrow;
    if (trial.outcome == core::RuleTrial::Outcome::kDecided && found.how)
      arrow = std::string(utf8 ? "   → " : "   -> ") + binding_text(*found.how);
    std::printf("%4d  %s %s%s\n", rule.number, cell(name, 20).c_str(), trial_text(trial, rule, node, utf8).c_str(),
                arrow.c_str());
  }
  if (found.inside)
    std::printf("   inside '%s', which runs as %s\n", found.inside->name.c_str(),
                found.how ? binding_text(*found.how).c_str() : "nothing");
  else if (found.how && found.how->rule < 0)
    std::printf("   no rule: %s\n", binding_text(*found.how).c_str());
  else if (!found.how)
    std::printf("   not bound: a view, which no operator computes\n");
  if (found.how && !found.how->reason.empty()) std::printf("   because: %s\n", found.how->reason.c_str());
}

core::Json explanation_json(const core::Explanation& found, const core::BoundGraph& bound) {
  static constexpr const char* kOutcomes[] = {"no_match", "skipped", "decided", "not_reached"};
  core::Json trials = core::Json::array();
  for (const core::RuleTrial& trial : found.trials) {
    core::Json keys = core::Json::array();
    for (const core::Matcher::Key& key : trial.keys)
      keys.push_back({{"key", key.key}, {"holds", key.holds}, {"found", key.found}});
    const core::Rule& rule = bound.rules.rules[static_cast<size_t>(trial.rule)];
    trials.push_back({{"rule", rule.number},
                      {"name", rule.name},
                      {"line", rule.place.line},
                      {"outcome", kOutcomes[static_cast<int>(trial.outcome)]},
                      {"keys", keys}});
  }
  core::Json out = {{"trials", trials}, {"inside", found.inside ? core::Json(found.inside->name) : core::Json()}};
  out["binding"] = found.how ? binding_json(bound, *found.how) : core::Json();
  return out;
}

void print_node(const core::Graph& graph, const core::Node& node, const std::string& dot) {
  constexpr size_t kWidth = 100;
  const std::string what = "  " + node.name + " " + dot + " class " + node.class_name + " " + dot + " " + size_text(node);
  const std::string shapes = "in " + shapes_text(graph, node.inputs) + " out " + shapes_text(graph, node.outputs);
  const bool fits = what.size() + shapes.size() + 3 <= kWidth;
  std::printf("%s%s%s\n", what.c_str(), fits ? (" " + dot + " ").c_str() : "\n    ", shapes.c_str());
}

core::Result<const core::Node*> find_node(const core::Graph& graph, const std::string& name) {
  if (const core::Node* node = graph.find(name)) return node;
  std::vector<std::string> names;
  for (const core::Node* node : graph.nodes()) names.push_back(node->name);
  std::string hint = core::did_you_mean(name, names);
  if (hint.empty()) hint = "kt inspect MODEL --graph lists the nodes";
  return core::fail(102, "the model has no node '" + name + "'", std::move(hint));
}

}  // namespace

core::Result<int> run_rules_explain(Program& program, const RulesFlags& flags) {
  const Checked checked = KT_TRY(check_files(program, flags));
  const core::Graph& graph = checked.workspace->graph();
  const core::Node* node = KT_TRY(find_node(graph, flags.node));
  const core::BoundGraph& bound = checked.attempt.bound;
  core::Explanation found[2];
  for (const KtPhase phase : core::kBoundPhases)
    found[phase] = core::explain(graph, bound, program.registry().machine(), *node, phase);
  const int code = checked.attempt.errors.empty() ? 0 : static_cast<int>(core::Exit::kRules);
  if (program.json()) {
    print_json({{"files", checked.label},
                {"by_model", checked.by_model},
                {"node", node->name},
                {"class", node->class_name},
                {"weight_type", core::weight_type(*node)},
                {"parameters", core::parameter_count(*node)},
                {"prefill", explanation_json(found[KT_PREFILL], bound)},
                {"decode", explanation_json(found[KT_DECODE], bound)},
                {"errors", errors_json(checked.attempt.errors, 'E')}});
    return code;
  }
  const bool utf8 = std::string(program.console().ok_mark()) != "ok";
  print_node(graph, *node, program.console().dot());
  if (flags.files.empty())
    std::printf("  rules: %s%s\n", checked.label.c_str(), checked.by_model ? ", the file with the model's name" : "");
  const core::NodeBinding *a = found[KT_PREFILL].how, *b = found[KT_DECODE].how;
  const bool same = (!a && !b) || (a && b && a->rule == b->rule && a->expanded == b->expanded && a->step == b->step);
  if (!same) std::printf("  prefill\n");
  if (!same) print_explanation(found[KT_PREFILL], bound, node->name, utf8);
  if (!same) std::printf("  decode\n");
  print_explanation(found[KT_DECODE], bound, node->name, utf8);
  std::fflush(stdout);
  const auto& errors = checked.attempt.errors;
  if (code != 0) std::fprintf(stderr, "\n%s", problems_text(program.console(), graph, bound, errors, {}).c_str());
  return code;
}

}  // namespace kt::app
