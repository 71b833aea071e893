#include "apps/bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <fstream>

#include "core/estimate/machine_file.h"
#include "core/exec/numa.h"
#include "core/exec/thread_team.h"

namespace kt::bench {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
std::string system_name() {
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("PRETTY_NAME=")) {
      std::string name = line.substr(line.find('=') + 1);
      std::erase(name, '"');
      return name;
    }
  return "";
}

// "always [madvise] never" -> "madvise"
std::string chosen(const std::string& line) {
  const size_t begin = line.find('['), end = line.find(']');
  return begin == std::string::npos || end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

std::vector<Cache> caches() {
  std::vector<Cache> out;
  for (int index = 0;; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string level = first_line(folder + "level"), type = first_line(folder + "type");
    std::ifstream size(folder + "size");  // "32768K"
    uint64_t kilobytes = 0;
    if (level.empty() || !(size >> kilobytes)) return out;
    out.push_back({"L" + level + (type == "Data" ? "d" : type == "Instruction" ? "i" : ""), kilobytes << 10});
  }
}

void put(core::Json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

}  // namespace

MachineFacts machine_facts() {
  MachineFacts out;
  out.processor = core::processor_name();
  out.processors = core::ThreadTeam::available_processors();
  out.memory_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  out.memory_nodes = core::numa_nodes();
  out.system = system_name();
  utsname name{};
  if (uname(&name) == 0) out.kernel = name.release;
  out.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  out.governor_driver = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver");
  out.huge_pages = chosen(first_line("/sys/kernel/mm/transparent_hugepage/enabled"));
  out.numa_balancing = first_line("/proc/sys/kernel/numa_balancing");
  out.caches = caches();
  return out;
}

core::Json machine_json() {
  const MachineFacts facts = machine_facts();
  core::Json out;
  put(out, "cpu", facts.processor);
  out["processors"] = facts.processors;
  out["memory_gib"] = std::round(static_cast<double>(facts.memory_bytes) / 0x1p30 * 10) / 10;
  put(out, "kernel", facts.kernel);
  put(out, "governor", facts.governor);
  put(out, "hugepages", facts.huge_pages);
  return out;
}

}  // namespace kt::bench
