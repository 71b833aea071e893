// kt plugins ls: which libraries were found, what they bring, and why some are not used.
#include <cstdio>

#include "apps/kt/program.h"

namespace kt::app {
namespace {

core::Json plugin_json(const core::PluginRecord& record) {
  core::Json out = {{"name", record.manifest.name}, {"version", record.manifest.version},
                    {"abi", std::to_string(record.manifest.abi_major) + "." + std::to_string(record.manifest.abi_minor)},
                    {"operators", record.operators}, {"models", record.models}, {"devices", record.devices},
                    {"loaded", record.loaded}, {"path", record.path}};
  if (!record.loaded) out["reason"] = record.reason;
  return out;
}

void print_table(const core::Registry& registry, const Console& console) {
  std::printf("  %-14s %-9s %-5s %5s %6s  %-5s %s\n", "PLUGIN", "VERSION", "ABI", "OPS", "MODELS", "STATE", "PATH");
  for (const core::PluginRecord& r : registry.plugins()) {
    const std::string abi = std::to_string(r.manifest.abi_major) + "." + std::to_string(r.manifest.abi_minor);
    std::printf("  %-14s %-9s %-5s %5u %6u  %-5s %s\n", r.manifest.name.empty() ? "-" : r.manifest.name.c_str(),
                r.manifest.version.empty() ? "-" : r.manifest.version.c_str(), r.manifest.name.empty() ? "-" : abi.c_str(), r.operators, r.models,
                r.loaded ? console.ok_mark() : "-", r.path.c_str());
    if (!r.loaded) std::printf("  %14s %s\n", "", r.reason.c_str());
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
    for (const core::PluginRecord& record : registry.plugins()) list.push_back(plugin_json(record));
    core::Json operators = core::Json::array();
    for (const core::OperatorInfo* op : registry.all()) operators.push_back(op->name);
    print_json({{"plugins", list}, {"operators", operators}, {"classes", registry.classes().names()}});
    return 0;
  });
  ls->footer("examples:\n  kt plugins ls\n  KT_PLUGIN_PATH=/opt/acme/kt kt plugins ls --json\n");
}

}  // namespace kt::app
