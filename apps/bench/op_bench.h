// Speed of the experts of one layer, run as the engine runs them: through registry, prepare and run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/bench/limits.h"
#include "apps/bench/samples.h"
#include "core/plugin/registry.h"

namespace kt::bench {

struct OpBenchOptions {
  std::string geometry;       // of kt synth
  std::string type;           // of the experts' weights, as kt prints types, any case: "q4_k"
  std::string operator_name;  // empty: the best for this machine
  std::string activations = "auto";
  std::vector<int> tokens;
  int experts = 0;  // kept in memory; 0: all, at most 64 of 256
  int repetitions = 5;
};

struct OpRow {
  int tokens = 0;
  double experts = 0;  // different ones that a run uses, mean
  Samples milliseconds;
  double gflops = 0, gb_s = 0, share_of_limit = 0;
  std::string bound_by;
};

struct OpReport {
  std::string operator_name, numerics;
  double max_err = 0;  // of two rows against plugin ref, as a share of the largest value
  std::vector<OpRow> rows;
};

// Weights are random with a fixed seed; routing is uniform over all experts, another draw each run (routing.h).
core::Result<OpReport> bench_experts(const core::Registry& registry, core::ThreadTeam& team, const OpBenchOptions& options,
                                     const Limits& limits);

}  // namespace kt::bench
