#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/kt/console.h"
#include "apps/kt/plan_report.h"
#include "core/estimate/speed.h"
#include "core/rules/suggest.h"
#include "core/tensor/shape.h"

namespace kt::app {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kColumns[] = {12, 32, 11, 28};  // WHERE, WHAT, SIZE, OPERATOR; RULE takes the rest

size_t columns_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The text in that many columns, filled with spaces or cut.
std::string cell(std::string text, size_t width) {
  while (columns_of(text) > width) {
    text.resize(text.size() - 1);
    while (!text.empty() && columns_of(text) >= width) text.pop_back();
    text += "…";
  }
  return text + std::string(width - columns_of(text), ' ');
}

std::string size_text(uint64_t bytes) { return bytes_text(static_cast<double>(bytes)); }

std::string line(const std::string& text) { return cell(text, std::min(columns_of(text), kWidth)) + "\n"; }

std::string row(const std::string& where, const std::string& what, const std::string& size, const std::string& op,
                const std::string& rule) {
  const std::string gap = size.size() < kColumns[2] ? std::string(kColumns[2] - size.size(), ' ') : "";
  std::string out =
      "  " + cell(where, kColumns[0]) + " " + cell(what, kColumns[1]) + " " + gap + size + "  " + cell(op, kColumns[3]) + " ";
  out = cell(out + rule, std::min(columns_of(out) + columns_of(rule), kWidth));
  return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
}

// "671B", "33.0M"
std::string count_text(uint64_t count) {
  const char* const units[] = {"", "K", "M", "B", "T"};
  double value = static_cast<double>(count);
  int unit = 0;
  while (value >= 1000 && unit < 4) value /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, value < 100 && unit > 0 ? "%.1f%s" : "%.0f%s", value, units[unit]);
  return text;
}

std::string layers_text(const LayerCount& count) {
  std::string out = std::to_string(count.layers) + " layers";
  if (count.sparse == 0) return out;
  const int dense = count.layers - count.sparse;
  out += " (" + (dense > 0 ? std::to_string(dense) + " dense + " : "") + std::to_string(count.sparse) + " MoE × " +
         std::to_string(count.experts) + " experts, " + std::to_string(count.used) + " used)";
  return out;
}

std::string model_lines(const PlanReport& report) {
  const core::MemoryPlan& plan = report.plan;
  uint64_t weights = 0;
  for (const auto& [name, need] : plan.devices) weights += need.weights;
  std::string out = line("  model   " + report.workspace->source().name + " · " + report.workspace->family() + " · " +
                         count_text(plan.parameters) + " (" + count_text(plan.active_parameters) + " active)");
  out += line("          " + layers_text(count_layers(report.workspace->graph())) + " · " + size_text(weights) +
              (report.assumed_type.empty() ? "" : " if the weights are " + report.assumed_type));
  return out;
}

std::string machine_line(const core::MachineDescription& machine) {
  std::string out = "  machine " + cell(machine.processor, std::min<size_t>(columns_of(machine.processor), 36)) + " · " +
                    std::to_string(machine.processors) + " processors · " + std::to_string(machine.memory_nodes) + " NUMA node" +
                    (machine.memory_nodes == 1 ? "" : "s");
  for (const core::MachineDevice& device : machine.machine.devices)
    out += " · " + (device.kind == "cpu" ? "RAM" : core::DeviceName{device.kind, device.index}.text()) + " " +
           size_text(device.free_bytes) + " free";
  return line(out);
}

// "cpu numa0+1": memory of the host lies on all of its nodes.
std::string where_text(const std::string& device, const core::MachineDescription& machine) {
  if (device != "cpu") return device;
  std::string out = "cpu numa0";
  if (machine.memory_nodes == 2) out += "+1";
  if (machine.memory_nodes > 2) out += "-" + std::to_string(machine.memory_nodes - 1);
  return out;
}

std::string device_rows(const PlanReport& report, const std::string& device, const core::DeviceNeed& need) {
  const std::string where = where_text(device, report.machine);
  std::string out;
  for (const core::PlanGroup& group : report.plan.groups)
    if (group.device == device)
      out += row(where, group.what + (group.count > 0 ? " × " + std::to_string(group.count) : ""), size_text(group.bytes),
                 core::join(group.operators, ", "), core::join(group.rules, ", "));
  if (need.cache > 0)
    out += row(
        where,
        "KV cache " + std::to_string(report.plan.sizes.context) + " tokens (" + report.plan.cache_types() + ")",
        size_text(need.cache), "", "");
  return out + row(where, report.plan.exact_work ? "workspace" : "workspace (at least)", size_text(need.work), "", "");
}

std::string fit_line(const PlanReport& report, const char* ok_mark) {
  std::string out;
  for (const auto& [name, need] : report.plan.devices) {
    const core::MachineDevice* device = report.machine.machine.find(name);
    out += (out.empty() ? "" : " · ") + (name == "cpu" ? "RAM" : name) + " " + size_text(need.total()) + " of " +
           size_text(device ? device->free_bytes : 0);
  }
  return line(std::string("  ") + (report.fit.fits() ? std::string(ok_mark) + " fits: " : "does not fit: ") + out);
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, rate < 10 ? "%.1f" : "%.0f", rate);
  return text;
}

std::string estimate_line(const PlanReport& report) {
  const double empty = core::decode_speed(report.plan, report.machine, 0);
  const double full = core::decode_speed(report.plan, report.machine, report.plan.sizes.context);
  if (empty == 0) return line("  expect  no estimate: the bandwidth of a device is not known (--machine FILE)");
  const auto rate = report.machine.bandwidth.find("cpu");
  const char* const source = !report.machine.measured  ? "given"
                             : report.machine.in_cache ? "measured, partly in cache"
                                                       : "measured";
  const std::string reading =
      rate == report.machine.bandwidth.end() ? "" : ", RAM " + rate_text(rate->second / 1e9) + " GB/s " + source;
  return line("  expect  decode at most " + rate_text(empty) + " tok/s, " + rate_text(full) + " at a full context (estimate" +
              reading + ")");
}

}  // namespace

std::string plan_text(const PlanReport& report, const char* ok_mark) {
  std::string out = model_lines(report) + machine_line(report.machine) + "\n";
  out += row("WHERE", "WHAT", "SIZE", "OPERATOR", "RULE");
  for (const auto& [name, need] : report.plan.devices)
    if (name != "cpu") out += device_rows(report, name, need);
  out += device_rows(report, "cpu", report.plan.devices.at("cpu"));
  return out + fit_line(report, ok_mark) + estimate_line(report);
}

}  // namespace kt::app
