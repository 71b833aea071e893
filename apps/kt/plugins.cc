// kt plugins ls | schema: which libraries were found, what they bring, and why some are not used.
#include "apps/kt/plugins.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "apps/kt/wrap.h"
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

// "~/.local/share/kt/plugins/libkt_acme.so"
std::string short_path(const std::string& path) {
  const char* home = std::getenv("HOME");
  const std::string folder = std::string(home ? home : "") + "/";
  return folder.size() > 1 && path.starts_with(folder) ? "~/" + path.substr(folder.size()) : path;
}

// "KT-E0604: TEXT; HINT" of "kt: error[KT-E0604]: TEXT\n  hint: HINT", without the path that stands beside it.
std::string reason_text(const core::PluginRecord& record) {
  std::string out = record.reason;
  if (out.starts_with("kt: error[")) out.erase(0, 10).erase(out.find(']'), 1);
  for (const std::string& path : {record.path + ": ", record.path + " "})
    if (const size_t at = out.find(path); at != std::string::npos) out.erase(at, path.size());
  if (const size_t hint = out.find("\n  hint: "); hint != std::string::npos) out.replace(hint, 9, "; ");
  return out;
}

using Row = std::vector<std::string>;

Row table_row(const core::PluginRecord& record, const Console& console) {
  const bool known = !record.manifest.name.empty();
  const std::string state = state_of(record);
  return {known ? record.manifest.name : "-",
          known ? record.manifest.version : "-",
          abi_text(record.manifest),
          std::to_string(record.operators),
          std::to_string(record.models),
          record.devices.empty() ? "-" : core::join(record.devices, ","),
          state == "loaded"    ? console.ok_mark()
          : state == "refused" ? console.fail_mark()
                               : "-",
          short_path(record.path)};
}

std::string print_rows(const std::vector<Row>& rows, const std::vector<std::string>& notes) {
  constexpr size_t kWidth = 100, kIndent = 4, kCounts = 3;  // kCounts: the first of two columns of numbers
  std::vector<size_t> widths(rows[0].size());
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  std::string out;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i + 1 < widths.size(); ++i) {
      const std::string gap(widths[i] - columns(rows[r][i]), ' ');
      out += "  " + (i == kCounts || i == kCounts + 1 ? gap + rows[r][i] : rows[r][i] + gap);
    }
    out += "  " + rows[r].back() + "\n";
    if (notes[r].empty()) continue;
    out += std::string(kIndent, ' ');
    append_wrapped(out, notes[r], kIndent, kWidth);
  }
  return out;
}

void print_table(const core::Registry& registry, Console& console) {
  std::vector<Row> rows = {{"PLUGIN", "VERSION", "ABI", "OPS", "MODELS", "DEVICES", "STATE", "PATH"}};
  std::vector<std::string> notes = {""};
  for (const core::PluginRecord& record : registry.plugins()) {
    rows.push_back(table_row(record, console));
    notes.push_back(record.loaded ? "" : reason_text(record));
  }
  console.answer(print_rows(rows, notes));
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
