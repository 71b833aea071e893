// What kt plan found out, as a table for people and as one JSON document.
#pragma once

#include <memory>
#include <string>

#include "core/base/json.h"
#include "core/estimate/fit.h"
#include "core/serve/workspace.h"

namespace kt::app {

struct PlanReport {
  std::unique_ptr<core::Workspace> workspace;
  core::BoundGraph bound;
  core::MachineDescription machine;
  core::MemoryPlan plan;
  core::FitReport fit;
  std::string assumed_type;  // of the weights where there are no files; else empty
};

// Layers of a model and what they hold.
struct LayerCount {
  int layers = 0, sparse = 0;
  int64_t experts = 0, used = 0;  // of a sparse layer
};
LayerCount count_layers(const core::Graph& graph);

core::Json plan_json(const PlanReport& report);
// Lines of at most 100 columns.
std::string plan_text(const PlanReport& report, const char* ok_mark);

}  // namespace kt::app
