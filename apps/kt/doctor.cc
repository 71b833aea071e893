// kt doctor: is this machine ready, is the installation whole, and what slows it down.
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "apps/kt/build_id.h"
#include "apps/kt/doctor_checks.h"
#include "apps/kt/program.h"
#include "core/estimate/machine_file.h"

namespace kt::app {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Anonymiser make_anonymiser() {
  const passwd* user = getpwuid(geteuid());
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  return {variable("HOME"), user ? user->pw_name : variable("USER"), host};
}

// "Debian GNU/Linux 12 (bookworm)" -> "Debian 12"
std::string short_system(std::string name) {
  if (const size_t at = name.find(" GNU/Linux"); at != std::string::npos) name.erase(at, 10);
  return name.substr(0, name.find(" ("));
}

// "6.1.0-28-amd64" -> "6.1"
std::string short_kernel(const std::string& release) { return release.substr(0, release.find('.', release.find('.') + 1)); }

struct Examination {
  bench::MachineFacts facts;
  core::HostMemory memory;
  core::Bandwidth bandwidth;
  std::vector<Finding> findings;
};

void append(std::vector<Finding>& out, std::vector<Finding> more) {
  for (Finding& finding : more) out.push_back(std::move(finding));
}

Finding introduce(const Console& console, const Examination& found, const core::Registry& registry) {
  const auto plugins = std::count_if(registry.plugins().begin(), registry.plugins().end(),
                                     [](const core::PluginRecord& record) { return record.operators > 0; });
  const std::string dot = std::string(" ") + console.dot() + " ";
  std::string text = std::string("kt ") + KT_VERSION + dot + "plugins " + std::to_string(plugins);
  if (!found.facts.system.empty()) text += dot + short_system(found.facts.system);
  return {Grade::kOk, "kt", text + dot + "kernel " + short_kernel(found.facts.kernel), ""};
}

Examination examine(Program& program, const Anonymiser& anonymous) {
  const core::Registry& registry = program.registry();
  utsname name{};
  uname(&name);
  Examination out;
  out.facts = bench::machine_facts();
  out.memory = core::host_memory();
  out.bandwidth = core::measure_bandwidth(out.facts.processors, core::Effort::kThorough);
  out.findings = {introduce(program.console(), out, registry), check_processor(registry.machine().isa, name.machine)};
  append(out.findings, check_settings(out.facts));
  append(out.findings, {check_memory(out.memory), check_bandwidth(out.bandwidth, out.facts.processors)});
  const std::string& cache = program.environment().cache_home;
  if (!cache.empty()) append(out.findings, check_disk(cache + "/kt", anonymous));
  append(out.findings, check_path(variable("PATH"), program.environment().program, anonymous));
  append(out.findings, check_plugins(registry.plugins(), anonymous));
  return out;
}

core::Json machine_report(const Examination& found, const std::set<std::string>& features) {
  core::Json out = bench::machine_json();
  core::Json caches = core::Json::object();
  for (const bench::Cache& cache : found.facts.caches) caches[cache.name] = cache.bytes;
  out["system"] = found.facts.system;
  out["isa"] = features;
  out["caches"] = caches;
  out["numa_nodes"] = found.facts.memory_nodes;
  out["numa_balancing"] = found.facts.numa_balancing;
  out["memory"] = {{"total", found.memory.total}, {"available", found.memory.available}, {"limited_by", found.memory.limit}};
  out["read_bytes_per_second"] = found.bandwidth.bytes_per_second;
  out["read_partly_from_caches"] = found.bandwidth.in_cache;
  return out;
}

core::Json libraries_report(const std::vector<core::PluginRecord>& records, const Anonymiser& anonymous) {
  core::Json out = core::Json::array();
  for (const core::PluginRecord& record : records) {
    out.push_back({{"name", record.manifest.name},
                   {"version", record.manifest.version},
                   {"path", anonymous(record.path)},
                   {"usable", record.loaded},
                   {"operators", record.operators},
                   {"models", record.models},
                   {"devices", record.devices}});
    if (!record.loaded) out.back()["reason"] = anonymous(record.reason);
  }
  return out;
}

core::Json report_json(Program& program, const Examination& found, const Anonymiser& anonymous) {
  const core::Registry& registry = program.registry();
  const std::string abi = std::to_string(KT_ABI_MAJOR) + "." + std::to_string(KT_ABI_MINOR);
  return {{"kt", {{"version", KT_VERSION}, {"abi", abi}, {"compiler", __VERSION__}, {"build_id", build_id()}}},
          {"machine", machine_report(found, registry.machine().isa)},
          {"plugins", libraries_report(registry.plugins(), anonymous)},
          {"findings", findings_json(found.findings)},
          {"problems", count(found.findings, Grade::kProblem)},
          {"warnings", count(found.findings, Grade::kWarning)}};
}

// The machine as kt plan --machine takes it elsewhere.
int write_machine(Program& program, const std::string& path) {
  core::MachineDescription machine = core::this_machine(program.registry().machine(), 0);
  core::set_measured(machine, core::measure_bandwidth(machine.processors, core::Effort::kThorough));
  std::ofstream file(path, std::ios::trunc);
  file << core::machine_json(machine).dump(2) << "\n";
  file.flush();
  if (!file)
    return program.console().report(core::fail(1, "cannot write '" + path + "'", "is the folder there, and is the disk full?"));
  program.console().note("  " + path + ": plan for this machine elsewhere with kt plan MODEL --machine " + path);
  return 0;
}

int run_doctor(Program& program, const std::string& machine_file) {
  if (!machine_file.empty()) return write_machine(program, machine_file);
  const Anonymiser anonymous = make_anonymiser();
  const Examination found = examine(program, anonymous);
  const Console& console = program.console();
  if (program.json())
    print_json(report_json(program, found, anonymous));
  else
    program.console().answer(findings_text(found.findings, {console.ok_mark(), "!", console.fail_mark()}));
  return count(found.findings, Grade::kProblem) > 0 ? static_cast<int>(core::Exit::kCheck) : 0;
}

}  // namespace

void add_doctor(Program& program) {
  const auto machine = std::make_shared<std::string>();
  program
      .add_verb("doctor", "what is right and wrong with this machine and installation",
                "  kt doctor\n  kt doctor --json > kt-report.json\n  kt doctor --machine server.json",
                [&program, machine] { return run_doctor(program, *machine); })
      ->add_option("--machine", *machine, "describe this machine in a file for kt plan --machine, and examine nothing")
      ->type_name("FILE");
}

}  // namespace kt::app
