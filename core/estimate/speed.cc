#include "core/estimate/speed.h"

namespace kt::core {

double decode_speed(const MemoryPlan& plan, const MachineDescription& machine, int64_t positions) {
  double seconds = 0;
  for (const auto& [name, need] : plan.devices) {
    const double cache = static_cast<double>(positions) * static_cast<double>(need.row_bytes);
    const double bytes = static_cast<double>(need.token_bytes) + cache;
    if (bytes == 0) continue;
    const auto rate = machine.bandwidth.find(name);
    if (rate == machine.bandwidth.end() || rate->second <= 0) return 0;
    seconds += bytes / rate->second;
  }
  return seconds > 0 ? 1 / seconds : 0;
}

}  // namespace kt::core
