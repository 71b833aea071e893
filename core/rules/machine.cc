#include "core/rules/machine.h"

#include <algorithm>
#include <charconv>

namespace kt::core {

const MachineDevice* Machine::find(std::string_view device) const {
  DeviceName name;
  if (!parse_device(device, name)) return nullptr;
  for (const MachineDevice& candidate : devices)
    if (candidate.kind == name.kind && candidate.index == name.index) return &candidate;
  return nullptr;
}

int Machine::count(std::string_view kind) const {
  return static_cast<int>(std::count_if(devices.begin(), devices.end(), [&](const MachineDevice& d) { return d.kind == kind; }));
}

std::string DeviceName::text() const { return kind == "cpu" && index == 0 ? kind : kind + ":" + std::to_string(index); }

bool parse_device(std::string_view text, DeviceName& out) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const auto in_kind = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  if (kind.empty() || !std::all_of(kind.begin(), kind.end(), in_kind)) return false;
  int index = 0;
  if (colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (digits.empty() || digits[0] == '-' || error != std::errc() || end != digits.data() + digits.size()) return false;
  }
  out = {std::string(kind), index};
  return true;
}

bool known_device_kind(std::string_view kind, const Machine& machine) {
  static constexpr std::string_view kKinds[] = {"cpu", "cuda", "rocm", "xpu", "npu", "opencl", "disk", "mpi"};
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds) || machine.count(kind) > 0;
}

}  // namespace kt::core
