// A machine as kt plan sees it, and the file that carries its description to another one.
#pragma once

#include <map>
#include <string>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/estimate/bandwidth.h"
#include "core/rules/machine.h"

namespace kt::core {

struct MachineDescription {
  Machine machine;                          // the host's free memory is what this process may take
  std::string processor;                    // "Intel(R) Xeon(R) Platinum 8468"
  int processors = 1;                       // that this process may use
  int memory_nodes = 1;                     // NUMA
  std::string host_limit;                   // what limits the host's free memory, see HostMemory
  std::map<std::string, double> bandwidth;  // bytes a second by device; those not known are left out
  bool in_cache = false;                    // and found part of what it read in the caches
  bool measured = false;                    // the host's bandwidth was measured now, not given
};

// As the processor calls itself; empty if it does not say.
std::string processor_name();

// Of the machine this runs on, without bandwidth. `mapped_already`: see host_memory().
MachineDescription this_machine(const Machine& machine, uint64_t mapped_already);

// The host's bandwidth is that which was just measured; left out if it could not be.
void set_measured(MachineDescription& description, const Bandwidth& host);

Json machine_json(const MachineDescription& description);
// KT-E0102 naming file and field.
Result<MachineDescription> parse_machine(const std::string& text, const std::string& file);

// "24G", "24 GiB", "512MiB" (powers of 1024). KT-E0102 naming `flag`.
Result<uint64_t> parse_size(const std::string& text, const std::string& flag);

}  // namespace kt::core
