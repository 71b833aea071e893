// kt plugins ls | schema: which libraries were found, what they bring, and why some are not used.
#include "apps/kt/plugins.h"

#include <cstdio>
#include <iterator>

#include "core/rules/suggest.h"

namespace kt::app {
namespace {

std::string abi_text(const core::Manifest& manifest) {
  return manifest.name.empty() ? "-" : std::to_string(manifest.abi_major) + "." + std::to_string(manifest.abi_minor);
}

// A library that another one of its plugin makes needless is no problem; every other reason is.
const char* state_of(const core::PluginRecord& record) {
  return record.loaded ? "loaded" : record.reason.starts_with("not needed") ? "not needed" : "refused";
}

core::Json plugin_json(const core::PluginRecord& record, const core::Registry& registry) {
  core::Json operators = core::Json::array();
  if (record.loaded)
    for (const core::OperatorInfo* op : registry.all())
      if (op->plugin == record.manifest.name) operators.push_back(op->name);
  core::Json out = {{"name", record.manifest.name},     {"version", record.manifest.version},
                    {"abi", abi_text(record.manifest)}, {"operators", operators},
                    {"models", record.models},          {"devices", record.devices},
                    {"state", state_of(record)},        {"path", record.path}};
  if (!record.loaded) out["reason"] = record.reason;
  return out;
}

void print_table(const core::Registry& registry, const Console& console) {
  std::printf("  %-16s %-9s %-5s %4s %6s  %-14s %-10s  %s\n", "PLUGIN", "VERSION", "ABI", "OPS", "MODELS", "DEVICES", "STATE",
              "PATH");
  for (const core::PluginRecord& r : registry.plugins()) {
    const bool known = !r.manifest.name.empty();
    const std::string devices = r.devices.empty() ? "-" : core::join(r.devices, ",");
    std::printf("  %-16s %-9s %-5s %4u %6u  %-14s %-10s  %s\n", known ? r.manifest.name.c_str() : "-",
                known ? r.manifest.version.c_str() : "-", abi_text(r.manifest).c_str(), r.operators, r.models, devices.c_str(),
                r.loaded ? console.ok_mark() : state_of(r), r.path.c_str());
    if (!r.loaded) std::printf("  %16s %s\n", "", r.reason.c_str());
  }
}

core::Json option_json(const core::OptionInfo& option) {
  static constexpr const char* kTypes[] = {"int", "float", "bool", "string", "enum"};
  const bool known = option.type >= 0 && option.type < static_cast<int32_t>(std::size(kTypes));
  core::Json out = {{"name", option.name},
                    {"type", known ? kTypes[option.type] : "unknown"},
                    {"default", option.default_value},
                    {"help", option.help}};
  if (!option.choices.empty()) out["choices"] = option.choices;
  if (option.minimum != 0 || option.maximum != 0) out["range"] = {option.minimum, option.maximum};
  return out;
}

// Every operator with its options, as one JSON document.
int print_schemas(const core::Registry& registry) {
  core::Json list = core::Json::array();
  for (const core::OperatorInfo* op : registry.all()) {
    core::Json options = core::Json::array();
    for (const core::OptionInfo& option : op->options) options.push_back(option_json(option));
    list.push_back({{"name", op->name},
                    {"implements", op->implements},
                    {"plugin", op->plugin},
                    {"device", op->device},
                    {"numerics", op->numerics},
                    {"options", options}});
  }
  print_json({{"operators", list}});
  return 0;
}

}  // namespace

void add_plugins(Program& program) {
  CLI::App* verb = program.app().add_subcommand("plugins", "plugins and model libraries");
  verb->require_subcommand(1);
  CLI::App* ls = program.add_subverb(verb, "ls", "the libraries that were found, and why some are not used", [&program] {
    const core::Registry& registry = program.registry();
    if (!program.json()) {
      print_table(registry, program.console());
      return 0;
    }
    core::Json list = core::Json::array();
    for (const core::PluginRecord& record : registry.plugins()) list.push_back(plugin_json(record, registry));
    core::Json operators = core::Json::array();
    for (const core::OperatorInfo* op : registry.all()) operators.push_back(op->name);
    print_json({{"plugins", list}, {"operators", operators}, {"classes", registry.classes().names()}});
    return 0;
  });
  ls->footer("examples:\n  kt plugins ls\n  KT_PLUGIN_PATH=/opt/acme/kt kt plugins ls --json\n");
  program
      .add_subverb(verb, "schema", "every operator and its options as JSON",
                   [&program] { return print_schemas(program.registry()); })
      ->footer("examples:\n  kt plugins schema\n  kt plugins schema | jq '.operators[].name'\n");
  add_plugins_check(program, verb);
  add_plugins_new(program, verb);
  add_models(program);
}

}  // namespace kt::app
