#include "core/estimate/host_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>

namespace kt::core {
namespace {

std::optional<uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  uint64_t value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

// "KEY 123" or "KEY: 123" in a file of such lines; 0 if it is not there.
uint64_t field(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t value = 0;
    if (words >> name >> value && (name == key || name == key + ":")) return value;
  }
  return 0;
}

struct Files {
  const char *limit, *usage, *inactive, *active;
};
constexpr Files kV2 = {"memory.max", "memory.current", "inactive_file", "active_file"};
constexpr Files kV1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"};

// What the group of that folder may still take; pages of files can be dropped.
std::optional<uint64_t> room_in(const std::string& folder, const Files& files) {
  const auto limit = number_in(folder + "/" + files.limit), usage = number_in(folder + "/" + files.usage);
  if (!limit || !usage) return std::nullopt;
  const uint64_t reclaimable = field(folder + "/memory.stat", files.inactive) + field(folder + "/memory.stat", files.active);
  const uint64_t used = *usage > reclaimable ? *usage - reclaimable : 0;
  return *limit > used ? *limit - used : 0;
}

// The least room of a group and all groups above it.
void limit_by_groups(const std::string& mount, std::string path, const Files& files, HostMemory& out) {
  while (true) {
    const auto room = room_in(mount + path, files);
    if (room && *room < out.available) out.available = *room, out.limit = "the cgroup's limit";
    if (path.empty()) return;
    path.resize(path.rfind('/'));
  }
}

void limit_by_cgroup(const std::string& root, HostMemory& out) {
  const std::string mount = root + "/sys/fs/cgroup";
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {  // "ID:CONTROLLERS:/PATH"
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path[0] != '/') continue;
    if (path.back() == '/') path.pop_back();
    if (controllers.empty())
      limit_by_groups(mount, path, kV2, out);
    else if (("," + controllers + ",").find(",memory,") != std::string::npos)
      limit_by_groups(mount + "/memory", path, kV1, out);
  }
}

void limit_by_address_space(uint64_t mapped_already, const std::string& root, HostMemory& out) {
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const uint64_t used = number_in(root + "/proc/self/statm").value_or(0) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t room = (limit.rlim_cur > used ? limit.rlim_cur - used : 0) + mapped_already;
  if (room < out.available) out.available = room, out.limit = "the limit on address space (ulimit -v)";
}

}  // namespace

HostMemory host_memory(uint64_t mapped_already, const std::string& root) {
  HostMemory out;
  const std::string meminfo = root + "/proc/meminfo";
  out.total = field(meminfo, "MemTotal") * 1024;
  out.available = field(meminfo, "MemAvailable") * 1024;
  if (out.total == 0) out.total = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  if (out.available == 0) out.available = out.total;
  limit_by_cgroup(root, out);
  limit_by_address_space(mapped_already, root, out);
  return out;
}

}  // namespace kt::core
