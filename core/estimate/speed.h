// An estimate of decoding speed: reading memory is taken to be all that costs time, so it is an upper bound.
#pragma once

#include "core/estimate/machine_file.h"
#include "core/estimate/memory_plan.h"

namespace kt::core {

// Tokens a second with `positions` in the cache; 0 if the bandwidth of a device in use is not known.
double decode_speed(const MemoryPlan& plan, const MachineDescription& machine, int64_t positions);

}  // namespace kt::core
