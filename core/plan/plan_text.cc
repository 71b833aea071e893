#include <cstdio>

#include "core/graph/text.h"
#include "core/plan/plan.h"

namespace kt::core {
namespace {

std::string value_text(const Plan& plan, KtValue value) {
  const Value& v = plan.values[static_cast<size_t>(value)];
  return v.name + " " + symbolic_shape_text(v.shape);
}

}  // namespace

std::string print_plan(const Plan& plan) {
  std::string out = std::string("plan ") + (plan.phase == KT_DECODE ? "decode" : "prefill") + " tokens<=" + std::to_string(plan.bucket.tokens) +
                    " outputs<=" + std::to_string(plan.bucket.outputs) + "\n";
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    char number[24];
    std::snprintf(number, sizeof number, "%5zu  ", i);
    out += number + step.binding.device + "  " + step.binding.operator_name + "  " + (step.node ? step.node->name : "");
    for (const KtValue value : step.inputs) out += "  <- " + value_text(plan, value);
    for (const KtValue value : step.outputs) out += "  -> " + value_text(plan, value);
    for (const std::string& device : step.waits) out += "  wait " + device;
    if (!step.after.empty()) out += "  after " + step.after;
    out += "\n";
  }
  for (const auto& [device, bytes] : plan.arena_bytes) out += "arena " + device + " " + std::to_string(bytes) + " bytes\n";
  return out;
}

}  // namespace kt::core
