// How much a run must read and compute at least, from the plan that is executed, and how long that takes at the machine's limits.
#pragma once

#include <string>

#include "apps/bench/limits.h"
#include "core/plan/plan.h"

namespace kt::bench {

// Reading of weights and products with them; caches, norms and attention are not counted.
struct Work {
  double bytes = 0;
  double f32 = 0, bf16 = 0, int8 = 0;  // operations in the arithmetic that the weights' types allow

  Work& operator+=(const Work& other);
};

// One step of the plan with `rows` rows, of which the logits of `outputs` are computed; experts are chosen uniformly.
Work work_of(const core::Plan& plan, double rows, double outputs);

// Work of one node that multiplies weights, with `rows` rows.
Work work_of(const core::Node& node, const std::string& activations, double rows);

struct Bound {
  double seconds = 0;
  const char* by = "memory";  // or "compute"
};

Bound bound_of(const Work& work, const Limits& limits);

}  // namespace kt::bench
