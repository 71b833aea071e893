// What shows only when an operator is made and run many times: races, leaks, and its speed beside the oracle's.
#pragma once

#include <string>

#include "core/conformance/case.h"
#include "core/conformance/node.h"
#include "core/plugin/registry.h"

namespace kt::conformance {

struct Repeats {
  int runs = 0, instances = 0;
  std::string difference;  // what differed between runs; empty: nothing
};

// Several instances at once, each with threads of its own, until `runs` runs are made. Bits must be equal if the operator is
// invariant; otherwise values must stay within the case's bounds.
core::Result<Repeats> repeat_runs(const core::Registry& registry, const core::OperatorEntry& entry, const BuiltCase& built,
                                  int runs);

// Bytes of malloc that each cycle of create, prepare, run and destroy leaves behind; 0 if memory stays level.
core::Result<double> leaked_bytes(const core::OperatorEntry& entry, const BuiltCase& built);

// How many times as fast as the oracle (for a module: its body, node by node) one run is on one thread.
core::Result<double> speed_against_oracle(const core::Registry& registry, const core::OperatorEntry& entry,
                                          const BuiltCase& built);

}  // namespace kt::conformance
