// kt rules init and kt rules schema: a file to start from, and the language itself.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/kt/rules.h"
#include "core/rules/compat/python_map.h"
#include "core/rules/load.h"
#include "core/rules/schema.h"

namespace kt::app {
namespace {

// The schema that is installed with the program, or "".
std::string schema_file(const core::Environment& environment) {
  namespace fs = std::filesystem;
  const fs::path path = fs::path(environment.program).parent_path().parent_path() / "share/kt/schema/kt-rules-1.json";
  std::error_code error;
  return fs::is_regular_file(path, error) ? path.string() : "";
}

core::OperatorHelp operator_help(const core::Registry& registry) {
  core::OperatorHelp out;
  for (const core::OperatorInfo* op : registry.all())
    if (const core::OperatorEntry* entry = registry.entry(op->name); entry && entry->def && entry->def->help)
      out[op->name] = entry->def->help;
  return out;
}

core::Json map_json() {
  core::Json classes = core::Json::array(), operator_classes = core::Json::array(), operators = core::Json::array();
  core::Json backends = core::Json::array(), devices = core::Json::array(), keywords = core::Json::array();
  using core::split_words;
  for (const auto& row : core::model_class_rows())
    classes.push_back({{"python", row.python}, {"classes", split_words(row.classes)}});
  for (const auto& row : core::operator_class_rows())
    operator_classes.push_back({{"python", row.python},
                                {"classes", split_words(row.classes)},
                                {"operators", split_words(row.operators)},
                                {"inner", split_words(row.inner)}});
  for (const auto& row : core::operator_name_rows())
    operators.push_back({{"python", row.python}, {"operators", split_words(row.operators)}});
  for (const auto& row : core::backend_rows())
    backends.push_back({{"python", row.python}, {"option", row.option}, {"value", row.value}});
  for (const auto& row : core::device_plugin_rows()) devices.push_back({{"device", row.device}, {"plugin", row.plugin}});
  for (const std::string_view word : core::keyword_rows()) keywords.push_back(word);
  return {{"classes", classes},     {"operator_classes", operator_classes},
          {"operators", operators}, {"backends", backends},
          {"devices", devices},     {"keywords", keywords}};
}

}  // namespace

core::Result<int> run_rules_init(Program& program, const RulesFlags& flags) {
  const core::Registry& registry = program.registry();
  const auto workspace = KT_TRY(open_model(program, flags));
  const std::string schema = schema_file(program.environment());
  std::string text = schema.empty() ? "" : "# yaml-language-server: $schema=" + schema + "\n";
  text += core::auto_rules_text(registry.machine(), workspace->graph(), registry);
  if (program.json())
    print_json({{"architecture", workspace->graph().architecture}, {"schema", schema}, {"text", text}});
  else
    std::printf("%s", text.c_str());
  return 0;
}

core::Result<int> run_rules_schema(Program& program, const RulesFlags& flags) {
  const core::Registry& registry = program.registry();
  std::string text;
  if (!flags.map)
    text = core::rule_schema(registry, operator_help(registry), registry.classes(), registry.machine()).dump(1) + "\n";
  else
    text = program.json() ? map_json().dump() + "\n" : core::print_python_map();
  if (flags.output.empty()) {
    std::printf("%s", text.c_str());
    return 0;
  }
  std::ofstream out(flags.output, std::ios::binary);
  out << text;
  out.close();
  if (!out) return core::fail(102, "'" + flags.output + "' cannot be written", "is its folder there, and may you write to it?");
  return 0;
}

}  // namespace kt::app
