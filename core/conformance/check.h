// The checks that every operator must pass on every case of its class that it supports.
#pragma once

#include <string>
#include <vector>

#include "core/plugin/registry.h"
#include "core/conformance/case.h"

namespace kt::conformance {

struct Report {
  int cases = 0;                      // run, with each setting of the options counted
  std::vector<std::string> refused;   // "CASE: reason" of supports()
  std::vector<std::string> failures;  // "CASE [options]: what is wrong"
  double worst = 0;                   // greatest share of an allowed difference that was used
};

// Runs the cases of the operator's class.
Report check_operator(const core::Registry& registry, const core::OperatorEntry& entry, const std::vector<Case>& cases);

}  // namespace kt::conformance
