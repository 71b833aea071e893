// The machine that a measurement was taken on, in words that say nothing about its owner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"

namespace kt::bench {

struct Cache {
  std::string name;  // "L1d", "L2"
  uint64_t bytes = 0;
};

// Texts that cannot be read are empty.
struct MachineFacts {
  std::string processor;        // "Intel(R) Xeon(R) Platinum 8468"
  int processors = 1;           // that this process may use
  uint64_t memory_bytes = 0;    // of the machine
  int memory_nodes = 1;         // NUMA
  std::string system;           // "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;           // "6.1.0-28-amd64"
  std::string governor;         // how the clock is chosen: "performance"
  std::string governor_driver;  // "intel_pstate"
  std::string huge_pages;       // transparent ones: "always", "madvise", "never"
  std::string numa_balancing;   // "0", "1"
  std::vector<Cache> caches;    // of one processor, nearest first
};

MachineFacts machine_facts();

// {"cpu", "processors", "memory_gib", "kernel", "governor", "hugepages"}; what cannot be read is left out.
core::Json machine_json();

}  // namespace kt::bench
