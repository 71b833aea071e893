// kt rules: what rule files do to a model, checked on headers alone.
#include "apps/kt/rules.h"

#include <cstdio>

#include "core/rules/choose.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

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

void add_model_flags(CLI::App* verb, RulesFlags& flags) {
  verb->add_option("-m,--model", flags.model, "GGUF file, HF folder, config.json or name; default: the bundled model");
  verb->add_option("--var", flags.vars, "a variable of the rule files")->type_name("NAME=VALUE");
  verb->add_flag("--allow-missing-devices", flags.bind.allow_missing_devices, "an absent device is a warning");
  verb->add_flag("--allow-unused-rules", flags.bind.allow_unused_rules, "a rule that does nothing is a warning");
}

void add_check_flags(CLI::App* verb, RulesFlags& flags) {
  verb->add_option(
      "rules,-r,--rules", flags.files,
      "rule files, later ones are tried first; auto: those kt makes; default: the file with the model's name, else auto");
  add_model_flags(verb, flags);
}

void add_diff_flags(CLI::App* verb, RulesFlags& flags) {
  verb->add_option("before", flags.before, "a rule file, or auto")->required();
  verb->add_option("after", flags.after, "the rule file it is compared with")->required();
  add_model_flags(verb, flags);
  verb->add_option("--type", flags.type, "type of the weights where there is only a config.json")->type_name("TYPE");
  verb->add_option("-c,--ctx-size,--max-model-len", flags.context, "tokens of a sequence; default: the model's, at most 8192")
      ->check(CLI::Range(1, 1 << 30));
  verb->add_option("--machine", flags.machine, "compare for the machine that this file describes")->type_name("FILE");
}

}  // namespace

core::Result<std::unique_ptr<core::Workspace>> open_model(Program& program, const RulesFlags& flags) {
  return core::Workspace::open(program.registry(), flags.model.empty() ? kBundledModel : flags.model,
                               core::model_folders(program.environment()), false);
}

core::Status bind_files(Program& program, const RulesFlags& flags, const std::vector<std::string>& files,
                        const core::Graph& graph, const core::Machine& machine, Checked& out) {
  std::map<std::string, std::string> vars;
  for (const std::string& var : flags.vars) {
    const size_t equals = var.find('=');
    if (equals == std::string::npos || equals == 0) return core::fail(102, "--var '" + var + "' is not NAME=VALUE");
    vars[var.substr(0, equals)] = var.substr(equals + 1);
  }
  const core::Registry& registry = program.registry();
  const std::string& model = flags.model.empty() ? kBundledModel : flags.model;
  const core::ChosenRules chosen =
      KT_TRY(core::choose_rules({files, model, core::rule_folders(program.environment()), vars}, machine, graph, registry));
  out.label = chosen.files.empty() ? "auto" : core::join(chosen.files, " ");
  out.by_model = chosen.by_model;
  out.attempt = core::try_bind(graph, chosen.rules, registry, machine, flags.bind);
  return {};
}

core::Result<Checked> check_files(Program& program, const RulesFlags& flags) {
  Checked out;
  out.workspace = KT_TRY(open_model(program, flags));
  KT_TRY(bind_files(program, flags, flags.files, out.workspace->graph(), program.registry().machine(), out));
  return out;
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

std::string cell(std::string text, size_t width) {
  if (text.size() > width) text = text.substr(0, width - 2) + "..";
  text.resize(width, ' ');
  return text;
}

std::string shown_name(const core::Rule& rule) {
  if (!rule.name.empty()) return rule.name;
  return rule.note.substr(0, rule.note.find_first_of(":;"));
}

std::string binding_text(const core::NodeBinding& how) {
  if (how.expanded) return "its body, on " + how.step.device;
  std::string out = how.step.operator_name + " on " + how.step.device, options;
  for (const auto& [name, value] : how.step.options) options += (options.empty() ? "" : ", ") + name + ": " + value;
  return options.empty() ? out : out + " {" + options + "}";
}

void add_rules(Program& program) {
  CLI::App* verb = program.app().add_subcommand("rules", "what rule files do to a model");
  verb->require_subcommand(1);
  auto flags = std::make_shared<RulesFlags>();
  CLI::App* check =
      add(program, verb, "check", "every rule with what it matched, and everything that is wrong",
          "  kt rules check my.yaml -m model/\n  kt rules check my.yaml -m config.json --json", flags, run_rules_check);
  add_check_flags(check, *flags);
  check->add_flag("--strict", flags->strict, "exit with 9 if there are warnings");
  CLI::App* explain = add(program, verb, "explain", "every rule tried for one node, and which decided",
                          "  kt rules explain my.yaml -m model/ --node model.layers.3.mlp.experts", flags, run_rules_explain);
  add_check_flags(explain, *flags);
  explain->add_option("--node", flags->node, "dotted name of the node")->required();
  CLI::App* diff = add(program, verb, "diff", "what changes on a model from one rule file to another, and whether it fits",
                       "  kt rules diff old.yaml new.yaml -m model/\n  kt rules diff auto my.yaml -m config.json --json", flags,
                       run_rules_diff);
  add_diff_flags(diff, *flags);
  CLI::App* init = add(program, verb, "init", "the rules that auto means, as a file to start from",
                       "  kt rules init -m model/ > my.yaml", flags, run_rules_init);
  init->add_option("-m,--model", flags->model, "GGUF file, HF folder, config.json or name; default: the bundled model");
  CLI::App* schema =
      add(program, verb, "schema", "the rule language as JSON Schema: editors complete operators and options by it",
          "  kt rules schema > kt-rules-1.json\n  kt rules schema --map", flags, run_rules_schema);
  schema->add_flag("--map", flags->map, "instead, how names in files for KTransformers translate");
  schema->add_option("-o,--output", flags->output, "write a file instead of stdout")->type_name("FILE");
}

}  // namespace kt::app
