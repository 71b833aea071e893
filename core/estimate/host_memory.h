// How much memory this process may still take, and what sets that limit.
#pragma once

#include <cstdint>
#include <string>

namespace kt::core {

struct HostMemory {
  uint64_t total = 0;      // of the machine
  uint64_t available = 0;  // without swapping; files in the page cache count as available
  std::string limit;       // what sets it: "" (the machine), "the cgroup's limit", "the limit on address space (ulimit -v)"
};

// From /proc, the cgroup (v1 and v2) and RLIMIT_AS. `mapped_already`: bytes that will be needed and are mapped by now, which the
// address space holds already. `root` stands before every path.
HostMemory host_memory(uint64_t mapped_already = 0, const std::string& root = "");

}  // namespace kt::core
