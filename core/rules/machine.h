// What rules may ask of a machine: its devices, instruction sets and plugins.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kt::core {

struct MachineDevice {
  std::string kind;  // "cpu", "cuda"
  int index = 0;
  uint64_t free_bytes = 0, total_bytes = 0;
};

struct Machine {
  std::vector<MachineDevice> devices;  // the host is {"cpu", 0}
  std::set<std::string> isa;           // "avx2", "amx_int8": names of /proc/cpuinfo
  std::set<std::string> plugins;       // plugins that can be used

  // Device by name in canonical form ("cpu", "cuda:1"), or null.
  const MachineDevice* find(std::string_view device) const;
  int count(std::string_view kind) const;
};

// A device name taken apart: "cuda" and "cuda:0" are {"cuda", 0}.
struct DeviceName {
  std::string kind;
  int index = 0;
  // "cpu" for the host, else "kind:index".
  std::string text() const;
};

// False if `text` is not a kind ([a-z_]+) with an optional ":N".
bool parse_device(std::string_view text, DeviceName& out);

// Kinds that first-party plugins bring, installed or not.
bool known_device_kind(std::string_view kind, const Machine& machine);

}  // namespace kt::core
