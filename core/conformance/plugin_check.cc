#include "core/conformance/plugin_check.h"

#include <algorithm>
#include <filesystem>

#include "core/conformance/child.h"
#include "core/plugin/elf_section.h"
#include "core/plugin/elf_symbols.h"
#include "core/plugin/manifest.h"

namespace kt::conformance {
namespace {

using core::Json;
using core::LibraryFile;
using Files = std::vector<LibraryFile>;

constexpr const char* kEntry = "kt_plugin_entry";

core::Manifest manifest_of(const std::string& path) {
  const auto text = core::read_elf_section(path, ".kt_manifest");
  if (!text.ok()) return {};
  const auto manifest = core::parse_manifest(*text, path);
  return manifest.ok() ? *manifest : core::Manifest();
}

std::vector<std::string> strings(const Json& line, const char* key) {
  return line.contains(key) ? line.at(key).get<std::vector<std::string>>() : std::vector<std::string>();
}

// What one check needs in every child.
struct Setting {
  Files target, oracle;
  CheckOptions options;
  std::vector<Case> cases;
};

// The library of the target that this machine uses; of several the registry chooses one.
const core::PluginRecord* target_record(const core::Registry& registry, const Setting& setting) {
  const core::PluginRecord* first = nullptr;
  for (const core::PluginRecord& record : registry.plugins()) {
    const bool asked =
        std::any_of(setting.target.begin(), setting.target.end(), [&](const LibraryFile& f) { return f.path == record.path; });
    if (!asked) continue;
    if (record.loaded) return &record;
    if (!first) first = &record;
  }
  return first;
}

void load(core::Registry& registry, const Setting& setting) {
  registry.load_files(setting.target);
  registry.load_files(setting.oracle);
}

// In a child: loads the library and says what it brings.
void report_load(const Setting& setting, const Reporter& report) {
  core::Registry registry;
  load(registry, setting);
  const core::PluginRecord& record = *target_record(registry, setting);
  report({{"path", record.path}, {"loaded", record.loaded}, {"reason", record.reason}});
  if (!record.loaded) return;
  if (const auto symbols = core::read_elf_symbols(record.path); symbols.ok())
    report({{"undefined", core::unprovided_symbols(*symbols)}});
  for (const core::OperatorInfo* info : registry.all())
    if (registry.entry(info->name)->library->path() == record.path)
      report({{"operator", info->name}, {"implements", info->implements}, {"device", info->device}});
  for (const core::ModelEntry& model : registry.models())
    if (model.library->path() == record.path) report({{"model", model.def->name}});
}

void read_load_report(const Json& line, PluginCheck& out) {
  if (line.contains("path")) {
    out.path = line.value("path", "");
    out.loaded = line.value("loaded", false);
    if (!out.loaded) out.load_problems.push_back(line.value("reason", ""));
  }
  if (line.contains("undefined")) out.undefined = strings(line, "undefined");
  if (line.contains("model")) out.models.push_back(line.value("model", ""));
  if (!line.contains("operator")) return;
  OperatorResult& op = out.operators.emplace_back();
  op.name = line.value("operator", "");
  op.implements = line.value("implements", "");
  op.device = line.value("device", "");
}

// What the file shows of itself without being loaded.
core::Status check_symbols(PluginCheck& out) {
  const core::ElfSymbols symbols = KT_TRY(core::read_elf_symbols(out.path));
  for (const std::string& name : symbols.exported) {
    if (name == kEntry) continue;
    (core::is_standard_library_symbol(name) ? out.standard : out.exported).push_back(name);
  }
  return {};
}

core::Status check_loading(const Setting& setting, PluginCheck& out) {
  out.path = setting.target.front().path;
  const ChildEnd end = KT_TRY(run_in_child([&](const Reporter& report) { report_load(setting, report); },
                                           [&](const Json& line) { read_load_report(line, out); }, setting.options.silence));
  if (!end.complete) {
    out.loaded = false;
    out.load_problems.push_back("the library " + end.reason + " while it was loaded");
  }
  if (const core::Status status = check_symbols(out); !status.ok() && out.loaded)
    out.load_problems.push_back(status.error().message);
  return {};
}

// Why an operator's cases cannot be run here; empty if they can.
std::string reason_not_to_check(const OperatorResult& op, const std::vector<ChosenCase>& cases) {
  if (op.device != "cpu") return "it runs on device " + op.device + ", cases need host memory";
  if (cases.empty()) return "no case is known for class " + op.implements;
  return "";
}

core::Status check_operator_apart(const Setting& setting, const std::vector<ChosenCase>& cases, OperatorResult& op) {
  std::string last_case, last_step = "start";
  const auto work = [&](const Reporter& report) {
    core::Registry registry;
    load(registry, setting);
    const core::OperatorEntry* entry = registry.entry(op.name);
    if (!entry) return report({{"failure", "the operator was there once and is not any more"}});
    check_one_operator(registry, *entry, cases, setting.options, report);
  };
  const auto on_line = [&](const Json& line) {
    if (!line.contains("at")) return add_report(line, op);
    last_step = line.value("at", "");
    last_case = line.value("case", "");
  };
  const ChildEnd end = KT_TRY(run_in_child(work, on_line, setting.options.silence));
  if (!end.complete) op.failures.push_back({last_case, last_step + ": it " + end.reason});
  if (end.complete && op.cases == 0 && op.failures.empty())
    op.failures.push_back({"", "it refuses every case of class " + op.implements});
  return {};
}

}  // namespace

int PluginCheck::passed_operators() const {
  return static_cast<int>(std::count_if(operators.begin(), operators.end(),
                                        [](const OperatorResult& op) { return op.not_checked.empty() && op.passed(); }));
}

int PluginCheck::checked_operators() const {
  return static_cast<int>(
      std::count_if(operators.begin(), operators.end(), [](const OperatorResult& op) { return op.not_checked.empty(); }));
}

bool PluginCheck::passed() const {
  return loaded && load_problems.empty() && undefined.empty() && exported.empty() && standard.empty() &&
         passed_operators() == checked_operators();
}

core::Result<Files> find_plugin(const std::string& path_or_name, const std::vector<std::string>& folders) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(path_or_name, error);
  if (std::filesystem::exists(path, error)) return Files{core::library_file(path.string())};
  Files out;
  if (path_or_name.find('/') == std::string::npos)
    for (LibraryFile& file : core::find_libraries(folders))
      if (file.status.ok() && manifest_of(file.path).name == path_or_name) out.push_back(std::move(file));
  if (out.empty())
    return core::fail(609, "there is no plugin or file '" + path_or_name + "'",
                      "kt plugins ls shows the plugins; a file is given by its path");
  return out;
}

core::Result<PluginCheck> check_plugin(const Files& target, const std::vector<std::string>& folders, const CheckOptions& options,
                                       const std::function<void(double)>& progress) {
  Setting setting{target, {}, options, all_cases()};
  for (LibraryFile& file : core::find_libraries(folders))
    if (file.status.ok() && manifest_of(file.path).name == "ref") setting.oracle.push_back(std::move(file));
  if (setting.oracle.empty())
    return core::fail(901, "the plugin ref, to compare with, is in none of the plugin folders",
                      "kt plugins ls shows the plugins");
  PluginCheck out;
  const core::Manifest manifest = manifest_of(target.front().path);
  out.name = manifest.name;
  out.version = manifest.version;
  KT_TRY(check_loading(setting, out));
  bool case_exists = options.only_case.empty() || !out.loaded;
  for (OperatorResult& op : out.operators) {
    const auto cases = KT_TRY(choose_cases(setting.cases, op.implements, options.only_case));
    if (cases.empty() && !options.only_case.empty()) {
      op.not_checked = "the case asked for is not of its class";
      continue;
    }
    case_exists = true;
    op.not_checked = reason_not_to_check(op, cases);
    if (op.not_checked.empty()) KT_TRY(check_operator_apart(setting, cases, op));
    progress(static_cast<double>(&op - out.operators.data() + 1) / static_cast<double>(out.operators.size()));
  }
  if (!case_exists)
    return core::fail(901, "no operator of the plugin has a case '" + options.only_case + "'",
                      "cases are written CLASS/NUMBER, as in RmsNorm/0003");
  return out;
}

}  // namespace kt::conformance
