// kt plugins ls: which libraries were found, what they bring, and why some are not used.
#include <cstdio>

#include "apps/kt/program.h"
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
}

}  // namespace kt::app
