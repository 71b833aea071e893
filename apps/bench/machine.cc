#include "apps/bench/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>

#include "core/exec/thread_team.h"

namespace kt::bench {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "";
}

// "always [madvise] never" -> "madvise"
std::string chosen(const std::string& line) {
  const size_t begin = line.find('['), end = line.find(']');
  return begin == std::string::npos || end == std::string::npos ? "" : line.substr(begin + 1, end - begin - 1);
}

void put(core::Json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

}  // namespace

core::Json machine_json() {
  core::Json out;
  put(out, "cpu", processor_name());
  out["processors"] = core::ThreadTeam::available_processors();
  out["memory_gib"] =
      std::round(static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 0x1p30 * 10) / 10;
  utsname name{};
  if (uname(&name) == 0) out["kernel"] = name.release;
  put(out, "governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  put(out, "hugepages", chosen(first_line("/sys/kernel/mm/transparent_hugepage/enabled")));
  return out;
}

}  // namespace kt::bench
