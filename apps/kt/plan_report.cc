#include "apps/kt/plan_report.h"

#include <cmath>
#include <cstdio>
#include <set>

#include "core/estimate/speed.h"
#include "core/tensor/shape.h"

namespace kt::app {
namespace {

core::Json group_json(const core::PlanGroup& group) {
  return {{"device", group.device}, {"what", group.what},           {"count", group.count},
          {"bytes", group.bytes},   {"operators", group.operators}, {"rules", group.rules}};
}

core::Json device_json(const std::string& name, const core::DeviceNeed& need, const core::Machine& machine) {
  const core::MachineDevice* device = machine.find(name);
  return {{"device", name},
          {"weights", need.weights},
          {"kv_cache", need.cache},
          {"workspace", need.work},
          {"need", need.total()},
          {"free", device ? device->free_bytes : 0},
          {"bytes_a_token", need.token_bytes}};
}

core::Json fit_json(const PlanReport& report) {
  core::Json changes = core::Json::array();
  for (const core::PlanChange& change : report.fit.changes) changes.push_back({{"flags", change.flags}, {"saved", change.saved}});
  core::Json out = {{"fits", report.fit.fits()}, {"changes", std::move(changes)}};
  if (report.fit.fits()) return out;
  const core::Error error = core::does_not_fit(report.fit, report.machine);
  out["error"] = {{"code", "KT-E0501"}, {"message", error.message}, {"hint", error.hint}};
  return out;
}

core::Json estimate_json(const PlanReport& report) {
  const auto tenths = [](double value) { return std::round(value * 10) / 10; };
  const double empty = core::decode_speed(report.plan, report.machine, 0);
  const double full = core::decode_speed(report.plan, report.machine, report.plan.sizes.context);
  return {{"is_estimate", true},
          {"bound_by", "memory bandwidth"},
          {"bandwidth", report.machine.measured ? "measured" : "given"},
          {"decode_tokens_per_second", tenths(empty)},
          {"decode_tokens_per_second_full_context", tenths(full)}};
}

}  // namespace

LayerCount count_layers(const core::Graph& graph) {
  LayerCount out;
  std::set<int> sparse;
  for (const core::Node* node : graph.nodes()) {
    out.layers = std::max(out.layers, node->layer() + 1);
    if (node->class_name != "MoeExperts") continue;
    sparse.insert(node->layer());
    if (!node->weights.empty()) out.experts = node->weights[0].shape[0];
    if (node->inputs.size() > 1) out.used = graph.value(node->inputs[1]).shape.back();
  }
  out.sparse = static_cast<int>(sparse.size());
  return out;
}

core::Json plan_json(const PlanReport& report) {
  const LayerCount layers = count_layers(report.workspace->graph());
  core::Json model = {{"name", report.workspace->source().name},
                      {"architecture", report.workspace->graph().architecture},
                      {"parameters", report.plan.parameters},
                      {"active_parameters", report.plan.active_parameters},
                      {"layers", layers.layers},
                      {"sparse_layers", layers.sparse},
                      {"experts", layers.experts},
                      {"experts_used", layers.used}};
  model["assumed_type"] = report.assumed_type.empty() ? core::Json() : core::Json(report.assumed_type);
  core::Json groups = core::Json::array(), devices = core::Json::array();
  for (const core::PlanGroup& group : report.plan.groups) groups.push_back(group_json(group));
  for (const auto& [name, need] : report.plan.devices) devices.push_back(device_json(name, need, report.machine.machine));
  core::Json out = {{"model", std::move(model)},
                    {"machine", core::machine_json(report.machine)},
                    {"context", report.plan.sizes.context},
                    {"batch", report.plan.sizes.batch},
                    {"threads", report.plan.sizes.threads},
                    {"cache_type", report.plan.cache_types()},
                    {"groups", std::move(groups)},
                    {"devices", std::move(devices)},
                    {"workspace_exact", report.plan.exact_work}};
  out.update(fit_json(report));
  out["estimate"] = estimate_json(report);
  return out;
}

}  // namespace kt::app
