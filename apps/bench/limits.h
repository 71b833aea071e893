// What this machine can do at most: bytes read from memory and operations computed in a second, measured.
#pragma once

#include "core/exec/thread_team.h"

namespace kt::bench {

// All of the given number of threads together. A multiplication and an addition are two operations.
struct Limits {
  int threads = 1;
  double read_gb_s = 0;
  double f32_gflops = 0, bf16_gflops = 0, int8_gops = 0;  // of the widest instructions the processor has for each
};

// `seconds` is spent on each of the four.
Limits measure_limits(core::ThreadTeam& team, double seconds);

}  // namespace kt::bench
