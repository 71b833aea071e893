#include "apps/bench/work.h"

#include <algorithm>
#include <cmath>

#include "core/tensor/shape.h"

namespace kt::bench {
namespace {

using core::Node;
using core::WeightSpec;

enum class Kind { kF32, kBf16, kInt8 };

Kind kind_of(const WeightSpec& weight, const std::string& activations) {
  if (activations == "f32" || weight.dtype == KT_F32) return Kind::kF32;
  if (weight.dtype == KT_BF16 || weight.dtype == KT_F16 || activations == "bf16") return Kind::kBf16;
  return Kind::kInt8;
}

// Experts chosen for a row: the length of the ids' last dimension.
double experts_of_row(const Node& node) { return static_cast<double>(node.graph->value(node.inputs[1]).shape.back()); }

void add_weight(const Node& node, const WeightSpec& weight, const std::string& activations, double rows, Work& out) {
  const double elements = static_cast<double>(*core::element_count(weight.shape));
  const double bytes = static_cast<double>(*core::tensor_bytes(weight.dtype, weight.shape));
  double used = 1, read = 1;  // shares of the weight that a row uses, and that all rows together read
  if (node.class_name == "Embedding") {
    out.bytes += bytes / static_cast<double>(weight.shape[0]) * rows;
    return;
  }
  if (node.class_name == "MoeExperts" || node.class_name == "ExpertLinear") {
    used = experts_of_row(node) / static_cast<double>(weight.shape[0]);
    read = 1 - std::pow(1 - used, rows);
  }
  out.bytes += bytes * read;
  const double operations = 2 * elements * used * rows;
  switch (kind_of(weight, activations)) {
    case Kind::kF32:
      out.f32 += operations;
      break;
    case Kind::kBf16:
      out.bf16 += operations;
      break;
    case Kind::kInt8:
      out.int8 += operations;
      break;
  }
}

}  // namespace

Work& Work::operator+=(const Work& other) {
  bytes += other.bytes;
  f32 += other.f32;
  bf16 += other.bf16;
  int8 += other.int8;
  return *this;
}

Work work_of(const Node& node, const std::string& activations, double rows) {
  Work out;
  for (const WeightSpec& weight : node.weights)
    if (weight.shape.size() > 1) add_weight(node, weight, activations, rows, out);
  return out;
}

Work work_of(const core::Plan& plan, double rows, double outputs) {
  Work out;
  for (const core::Step& step : plan.steps) {
    if (!step.node || step.node->weights.empty()) continue;
    const auto option = step.binding.options.find("activations");
    const bool on_outputs = plan.values[static_cast<size_t>(step.outputs[0])].shape[0] == KT_DIM_OUTPUTS;
    out += work_of(*step.node, option == step.binding.options.end() ? "f32" : option->second, on_outputs ? outputs : rows);
  }
  return out;
}

Bound bound_of(const Work& work, const Limits& limits) {
  const double memory = work.bytes / (limits.read_gb_s * 1e9);
  const double compute =
      work.f32 / (limits.f32_gflops * 1e9) + work.bf16 / (limits.bf16_gflops * 1e9) + work.int8 / (limits.int8_gops * 1e9);
  return {std::max(memory, compute), compute > memory ? "compute" : "memory"};
}

}  // namespace kt::bench
