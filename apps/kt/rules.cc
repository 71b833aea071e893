// kt rules: what a rule file does to a model, checked on headers alone.
#include <algorithm>
#include <cstdio>

#include "apps/kt/program.h"
#include "core/graph/text.h"
#include "core/rules/explain.h"
#include "core/rules/load.h"
#include "core/rules/compat/python_map.h"
#include "core/rules/suggest.h"
#include "core/serve/workspace.h"
#include "kt/format/dtype.h"

namespace kt::app {
namespace {

struct RulesFlags {
  std::vector<std::string> files;
  std::vector<std::string> vars;
  std::string model, node;
  bool strict = false, map = false;
  core::BindOptions bind;
};

constexpr const char* kPhases[] = {"prefill", "decode"};

// A model's graph with the rules bound to it, errors included.
struct Checked {
  std::unique_ptr<core::Workspace> workspace;
  core::BindAttempt attempt;
  std::string label;  // the files as named
};

core::Result<Checked> check_files(Program& program, const RulesFlags& flags) {
  const core::Registry& registry = program.registry();
  Checked out;
  out.label = flags.files.empty() ? "auto" : core::join(flags.files, " ");
  out.workspace = KT_TRY(core::Workspace::open(registry, flags.model.empty() ? kBundledModel : flags.model,
                                               core::model_folders(program.environment()), false));
  std::map<std::string, std::string> vars;
  for (const std::string& var : flags.vars) {
    const size_t equals = var.find('=');
    if (equals == std::string::npos || equals == 0) return core::fail(102, "--var '" + var + "' is not NAME=VALUE");
    vars[var.substr(0, equals)] = var.substr(equals + 1);
  }
  const core::Graph& graph = out.workspace->graph();
  const core::RuleSet rules = out.label == "auto"
                                  ? core::auto_rules(registry.machine(), graph, registry)
                                  : KT_TRY(core::load_rules(flags.files, core::rule_folders(program.environment()), vars));
  out.attempt = core::try_bind(graph, rules, registry, registry.machine(), flags.bind);
  return out;
}

// ---- JSON

core::Json error_json(const core::Error& error, char kind) {
  char code[16];
  std::snprintf(code, sizeof code, "KT-%c%04d", kind, error.code);
  return {{"code", code},
          {"file", error.place.file},
          {"line", error.place.line},
          {"column", error.place.column},
          {"message", error.message},
          {"hint", error.hint}};
}

core::Json errors_json(const std::vector<core::Error>& errors, char kind) {
  core::Json out = core::Json::array();
  for (const core::Error& error : errors) out.push_back(error_json(error, kind));
  return out;
}

core::Json binding_json(const core::BoundGraph& bound, const core::NodeBinding& b) {
  core::Json out = {{"operator", b.expanded ? core::Json() : core::Json(b.step.operator_name)},
                    {"device", b.step.device},
                    {"options", b.step.options},
                    {"rule", b.rule < 0 ? core::Json() : core::Json(bound.rules.rules[static_cast<size_t>(b.rule)].number)},
                    {"reason", b.reason}};
  return out;
}

core::Json bindings_json(const core::Graph& graph, const core::BoundGraph& bound) {
  core::Json out = core::Json::array();
  for (const core::Node* node : graph.nodes())
    for (const KtPhase phase : core::kBoundPhases)
      if (const core::NodeBinding* b = bound.how(*node, phase)) {
        core::Json item = {{"node", node->name}, {"class", node->class_name}, {"phase", kPhases[phase]}};
        item.update(binding_json(bound, *b));
        out.push_back(std::move(item));
      }
  return out;
}

// ---- One line a written rule

// Several rules may come from one written rule; together they are one line.
struct RuleLine {
  const core::Rule* rule = nullptr;
  core::RuleUse use;
};

std::vector<RuleLine> rule_lines(const core::BoundGraph& bound) {
  std::vector<RuleLine> out;
  const auto merge = [](std::vector<std::string>& into, const std::vector<std::string>& from) {
    for (const std::string& word : from)
      if (std::find(into.begin(), into.end(), word) == into.end()) into.push_back(word);
  };
  for (size_t r = 0; r < bound.uses.size(); ++r) {
    const core::Rule& rule = bound.rules.rules[r];
    const core::RuleUse& use = bound.uses[r];
    if (out.empty() || out.back().rule->file != rule.file || out.back().rule->number != rule.number) {
      out.push_back({&rule, use});
      continue;
    }
    core::RuleUse& total = out.back().use;
    for (const KtPhase phase : core::kBoundPhases) total.matched[phase] = std::max(total.matched[phase], use.matched[phase]);
    total.nodes = std::max(total.nodes, use.nodes);
    total.skipped = total.skipped && use.skipped;
    merge(total.operators, use.operators);
    merge(total.devices, use.devices);
    merge(total.notes, use.notes);
  }
  return out;
}

int matched(const core::RuleUse& use) { return std::max(use.matched[KT_PREFILL], use.matched[KT_DECODE]); }

core::Json rules_json(const core::BoundGraph& bound) {
  core::Json out = core::Json::array();
  for (const RuleLine& line : rule_lines(bound))
    out.push_back({{"number", line.rule->number},
                   {"name", line.rule->name},
                   {"file", bound.rules.files[static_cast<size_t>(line.rule->file)].path},
                   {"line", line.rule->place.line},
                   {"matched", matched(line.use)},
                   {"prefill", line.use.matched[KT_PREFILL]},
                   {"decode", line.use.matched[KT_DECODE]},
                   {"skipped", line.use.skipped},
                   {"operators", line.use.operators},
                   {"devices", line.use.devices},
                   {"notes", line.use.notes}});
  return out;
}

// A cell of a table with 100 columns.
std::string cell(std::string text, size_t width) {
  if (text.size() > width) text = text.substr(0, width - 2) + "..";
  text.resize(width, ' ');
  return text;
}

std::string right(std::string text, size_t width) {
  text.insert(0, text.size() < width ? width - text.size() : 0, ' ');
  return text;
}

// What a table calls a rule: its name, or the Python class it names.
std::string shown_name(const core::Rule& rule) {
  if (!rule.name.empty()) return rule.name;
  return rule.note.substr(0, rule.note.find_first_of(":;"));
}

void print_rules(const core::BoundGraph& bound) {
  constexpr size_t kName = 22, kOperators = 22, kDevice = 7, kNote = 30;
  std::printf("   #  %s %7s   %s %s NOTE\n", cell("RULE", kName).c_str(), "MATCHED", cell("REPLACED BY", kOperators).c_str(),
              cell("DEVICE", kDevice).c_str());
  int file = 0;
  for (const RuleLine& line : rule_lines(bound)) {
    if (line.rule->file != file) std::printf("      %s\n", bound.rules.files[static_cast<size_t>(line.rule->file)].path.c_str());
    file = line.rule->file;
    const std::string name = shown_name(*line.rule);
    const std::string operators = !line.use.operators.empty() ? core::join(line.use.operators, " ")
                                  : matched(line.use) > 0     ? "default"
                                                              : "-";
    std::string note = line.use.notes.empty() || line.use.notes.back() == name ? "" : line.use.notes.back();
    if (note.size() > kNote) note = cell(note, kNote);
    std::printf("%s  %s %s   %s %s %s\n", right(std::to_string(line.rule->number), 4).c_str(), cell(name, kName).c_str(),
                right(line.use.skipped ? "-" : std::to_string(matched(line.use)), 7).c_str(), cell(operators, kOperators).c_str(),
                cell(core::join(line.use.devices, " "), kDevice).c_str(), note.c_str());
  }
}

core::Result<int> run_check(Program& program, const RulesFlags& flags) {
  const Checked checked = KT_TRY(check_files(program, flags));
  const core::BoundGraph& bound = checked.attempt.bound;
  const auto& errors = checked.attempt.errors;
  const core::Graph& graph = checked.workspace->graph();
  const size_t nodes = graph.nodes().size();
  const int code = !errors.empty()                           ? static_cast<int>(core::Exit::kRules)
                   : flags.strict && !bound.warnings.empty() ? static_cast<int>(core::Exit::kCheck)
                                                             : 0;
  if (program.json()) {
    print_json({{"files", checked.label},
                {"architecture", graph.architecture},
                {"nodes", nodes},
                {"ok", code == 0},
                {"rules", rules_json(bound)},
                {"errors", errors_json(errors, 'E')},
                {"warnings", errors_json(bound.warnings, 'W')},
                {"bindings", errors.empty() ? bindings_json(graph, bound) : core::Json::array()}});
    return code;
  }
  const size_t rule_count = rule_lines(bound).size();
  std::printf("  %s · %zu rule%s · %zu nodes\n\n", checked.label.c_str(), rule_count, rule_count == 1 ? "" : "s", nodes);
  print_rules(bound);
  std::fflush(stdout);
  if (!errors.empty() || !bound.warnings.empty()) std::fprintf(stderr, "\n");
  for (const core::Error& error : errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  for (const core::Error& warning : bound.warnings) std::fprintf(stderr, "%s\n", core::warning_text(warning).c_str());
  return code;
}

// ---- explain

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

std::string trial_text(const core::RuleTrial& trial, bool utf8) {
  const char *yes = utf8 ? "✓" : "ok", *no = utf8 ? "✗" : "x";
  if (trial.outcome == core::RuleTrial::Outcome::kNotReached) return std::string(utf8 ? "–" : "-") + " not reached";
  std::string out;
  for (const core::Matcher::Key& key : trial.keys) {
    out += (out.empty() ? "" : " ") + std::string(key.holds ? yes : no) + " " + key.key;
    if (!key.holds && !key.found.empty()) out += " (" + key.found + ")";
  }
  return out;
}

std::string binding_text(const core::NodeBinding& how) {
  if (how.expanded) return "its body, on " + how.step.device;
  std::string out = how.step.operator_name + " on " + how.step.device, options;
  for (const auto& [name, value] : how.step.options) options += (options.empty() ? "" : ", ") + name + ": " + value;
  return options.empty() ? out : out + " {" + options + "}";
}

void print_explanation(const core::Explanation& found, const core::BoundGraph& bound, bool utf8) {
  for (const core::RuleTrial& trial : found.trials) {
    const core::Rule& rule = bound.rules.rules[static_cast<size_t>(trial.rule)];
    const std::string name = shown_name(rule);
    std::string arrow;
    if (trial.outcome == core::RuleTrial::Outcome::kDecided && found.how)
      arrow = std::string(utf8 ? "   → " : "   -> ") + binding_text(*found.how);
    std::printf("%4d  %s %s%s\n", rule.number, cell(name, 20).c_str(), trial_text(trial, utf8).c_str(), arrow.c_str());
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

core::Result<const core::Node*> find_node(const core::Graph& graph, const std::string& name) {
  if (const core::Node* node = graph.find(name)) return node;
  std::vector<std::string> names;
  for (const core::Node* node : graph.nodes()) names.push_back(node->name);
  std::string hint = core::did_you_mean(name, names);
  if (hint.empty()) hint = "kt inspect MODEL --graph lists the nodes";
  return core::fail(102, "the model has no node '" + name + "'", std::move(hint));
}

core::Result<int> run_explain(Program& program, const RulesFlags& flags) {
  const Checked checked = KT_TRY(check_files(program, flags));
  const core::Graph& graph = checked.workspace->graph();
  const core::Node* node = KT_TRY(find_node(graph, flags.node));
  const core::BoundGraph& bound = checked.attempt.bound;
  core::Explanation found[2];
  for (const KtPhase phase : core::kBoundPhases)
    found[phase] = core::explain(graph, bound, program.registry().machine(), *node, phase);
  const int code = checked.attempt.errors.empty() ? 0 : static_cast<int>(core::Exit::kRules);
  if (program.json()) {
    print_json({{"node", node->name},
                {"class", node->class_name},
                {"weight_type", core::weight_type(*node)},
                {"parameters", core::parameter_count(*node)},
                {"prefill", explanation_json(found[KT_PREFILL], bound)},
                {"decode", explanation_json(found[KT_DECODE], bound)},
                {"errors", errors_json(checked.attempt.errors, 'E')}});
    return code;
  }
  const bool utf8 = std::string(program.console().ok_mark()) != "ok";
  std::printf("  %s · class %s · %s · in %s out %s\n", node->name.c_str(), node->class_name.c_str(), size_text(*node).c_str(),
              shapes_text(graph, node->inputs).c_str(), shapes_text(graph, node->outputs).c_str());
  const core::NodeBinding *a = found[KT_PREFILL].how, *b = found[KT_DECODE].how;
  const bool same = (!a && !b) || (a && b && a->rule == b->rule && a->expanded == b->expanded && a->step == b->step);
  if (!same) std::printf("  prefill\n");
  if (!same) print_explanation(found[KT_PREFILL], bound, utf8);
  if (!same) std::printf("  decode\n");
  print_explanation(found[KT_DECODE], bound, utf8);
  std::fflush(stdout);
  for (const core::Error& error : checked.attempt.errors) std::fprintf(stderr, "%s\n", error.text().c_str());
  return code;
}

core::Result<int> run_init(Program& program, const RulesFlags& flags) {
  const core::Registry& registry = program.registry();
  const auto workspace = KT_TRY(core::Workspace::open(registry, flags.model.empty() ? kBundledModel : flags.model,
                                                      core::model_folders(program.environment()), false));
  std::printf("%s", core::auto_rules_text(registry.machine(), workspace->graph(), registry).c_str());
  return 0;
}

core::Result<int> run_schema(Program&, const RulesFlags& flags) {
  if (!flags.map)
    return core::fail(102, "kt rules schema needs --map", "kt rules schema --map prints how names of KTransformers translate");
  std::printf("%s", core::print_python_map().c_str());
  return 0;
}

using Run = core::Result<int> (*)(Program&, const RulesFlags&);

CLI::App* add(Program& program, CLI::App* verb, const char* name, const char* help, const char* examples,
              const std::shared_ptr<RulesFlags>& flags, Run run) {
  CLI::App* out = program.add_subverb(verb, name, help, [&program, flags, run] {
    auto code = run(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  out->footer(std::string("examples:\n") + examples + "\n");
  return out;
}

void add_check_flags(CLI::App* verb, RulesFlags& flags) {
  verb->add_option("rules,-r,--rules", flags.files, "rule files, later ones are tried first; default: auto");
  verb->add_option("-m,--model", flags.model, "GGUF file, HF folder, config.json or name; default: the bundled model");
  verb->add_option("--var", flags.vars, "a variable of the rule files")->type_name("NAME=VALUE");
  verb->add_flag("--allow-missing-devices", flags.bind.allow_missing_devices, "an absent device is a warning");
  verb->add_flag("--allow-unused-rules", flags.bind.allow_unused_rules, "a rule that does nothing is a warning");
}

}  // namespace

void add_rules(Program& program) {
  CLI::App* verb = program.app().add_subcommand("rules", "what rule files do to a model");
  verb->require_subcommand(1);
  auto flags = std::make_shared<RulesFlags>();
  CLI::App* check = add(program, verb, "check", "every rule with what it matched, and everything that is wrong",
                        "  kt rules check my.yaml -m model/\n  kt rules check my.yaml -m config.json --json", flags, run_check);
  add_check_flags(check, *flags);
  check->add_flag("--strict", flags->strict, "exit with 9 if there are warnings");
  CLI::App* explain = add(program, verb, "explain", "every rule tried for one node, and which decided",
                          "  kt rules explain my.yaml -m model/ --node model.layers.3.mlp.experts", flags, run_explain);
  add_check_flags(explain, *flags);
  explain->add_option("--node", flags->node, "dotted name of the node")->required();
  CLI::App* init = add(program, verb, "init", "the rules that auto means, as a file to start from",
                       "  kt rules init -m model/ > my.yaml", flags, run_init);
  init->add_option("-m,--model", flags->model, "GGUF file, HF folder, config.json or name; default: the bundled model");
  CLI::App* schema = add(program, verb, "schema", "the language in tables", "  kt rules schema --map", flags, run_schema);
  schema->add_flag("--map", flags->map, "how names in files for KTransformers translate");
}

}  // namespace kt::app
