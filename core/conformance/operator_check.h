// All that is checked of one operator, told line by line as it is done, so that a process that dies says where.
#pragma once

#include <string>
#include <vector>

#include "core/conformance/case.h"
#include "core/conformance/child.h"
#include "core/plugin/registry.h"

namespace kt::conformance {

struct CaseFailure {
  std::string case_id;  // "MoeExperts/0137"; empty: not of one case
  std::string what;
};

struct OperatorResult {
  std::string name, implements, device;
  std::string not_checked;  // why none of its cases could be run; empty: they were
  int cases = 0, refused = 0;
  double worst = 0;                   // greatest share of an allowed difference that was used
  std::vector<CaseFailure> failures;  // in the order found
  int runs = 0, instances = 0;        // of the search for races
  double leaked = -1;                 // bytes of a cycle; -1: not measured
  double speed = 0;                   // times the oracle's; 0: not measured
  std::string speed_case;

  bool passed() const { return failures.empty(); }
};

struct CheckOptions {
  std::string only_case;  // "MoeExperts/0137" or "MoeExperts/NAME OF THE CASE"; empty: all
  int runs = 1000;        // of the search for races
  double silence = 60;    // seconds that one step may take
};

// "CLASS/NNNN", by the place of the case among those of its class.
std::string case_id(const std::string& class_name, size_t index);

// The cases of a class that are asked for, with their ids. KT-E0901 if one is asked for that does not exist.
struct ChosenCase {
  std::string id;
  const Case* spec;
};
core::Result<std::vector<ChosenCase>> choose_cases(const std::vector<Case>& all, const std::string& class_name,
                                                   const std::string& only_case);

// Runs in a child: every step is reported before it starts ("at") and when it has a result. add_report() puts a line into a
// result.
void check_one_operator(const core::Registry& registry, const core::OperatorEntry& entry, const std::vector<ChosenCase>& cases,
                        const CheckOptions& options, const Reporter& report);
void add_report(const core::Json& line, OperatorResult& result);

}  // namespace kt::conformance
