#include "core/estimate/memory_plan.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/estimate/group_label.h"
#include "core/estimate/operator_probe.h"
#include "core/exec/executable.h"
#include "core/tensor/shape.h"
#include "kt/format/cache_rows.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

// The share of a weight that one token reads: chosen experts, or one row of a table.
double active_share(const Node& node, const WeightSpec& spec) {
  if (node.class_name == "Embedding") return 1.0 / static_cast<double>(std::max<int64_t>(spec.shape[0], 1));
  if (spec.shape.size() != 3) return 1;
  for (const KtValue input : node.inputs) {
    const Value& ids = node.graph->value(input);
    if (ids.dtype == KT_I32 && ids.shape.size() == 2 && ids.shape[1] > 0 && ids.shape[1] < spec.shape[0])
      return static_cast<double>(ids.shape[1]) / static_cast<double>(spec.shape[0]);
  }
  return 1;
}

std::string rule_label(const BoundGraph& bound, const NodeBinding& binding) {
  if (binding.rule < 0) return "best score";
  const Rule& rule = bound.rules.rules[static_cast<size_t>(binding.rule)];
  const std::string file = std::filesystem::path(bound.rules.files[static_cast<size_t>(rule.file)].path).stem().string();
  return file + "#" + std::to_string(rule.number);
}

// Names that have a hundredth of the whole, and those of `keep`.
std::vector<std::string> most_bytes_first(const std::map<std::string, uint64_t>& bytes, uint64_t whole,
                                          const std::set<std::string>& keep) {
  std::vector<std::string> out;
  for (const auto& [name, part] : bytes)
    if (part >= whole / 100 || keep.contains(name)) out.push_back(name);
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return bytes.at(a) > bytes.at(b); });
  return out;
}

class MemoryPlanner {
 public:
  MemoryPlanner(const Graph& graph, const BoundGraph& bound, const Registry& registry, const RunSizes& sizes,
                const SharedName& shared_name)
      : graph_(graph), bound_(bound), shared_name_(shared_name), probe_(registry) {
    out_.sizes = sizes;
    out_.devices["cpu"];
  }

  Result<MemoryPlan> run() {
    const int32_t tokens = chunk_size(out_.sizes.batch, out_.sizes.context), outputs = output_rows(tokens);
    const Plan prefill = KT_TRY(plan_of(KT_PREFILL, ShapeBucket{tokens, outputs}));
    const Plan decode = KT_TRY(plan_of(KT_DECODE, decode_bucket(tokens, outputs, out_.sizes.sequences)));
    for (const Plan* plan : {&decode, &prefill})
      for (const Step& step : plan->steps)
        if (step.node) add_step(*step.node, step.binding, plan->phase);
    out_.cache_dtypes = KT_TRY(cache_dtypes(out_.sizes.cache_type, graph_, prefill, decode));
    add_cache(decode);
    KT_TRY(add_work(prefill, decode));
    for (size_t i = 0; i < out_.groups.size(); ++i) {
      out_.groups[i].operators = most_bytes_first(details_[i].operators, out_.groups[i].bytes, details_[i].with_state);
      out_.groups[i].rules = most_bytes_first(details_[i].rules, out_.groups[i].bytes, {});
      out_.groups[i].count = static_cast<int>(details_[i].modules.size());
    }
    out_.exact_work = probe_.exact();
    return std::move(out_);
  }

 private:
  struct Details {
    std::map<std::string, uint64_t> operators, rules;  // bytes
    std::set<std::string> with_state;                  // operators that read a cache
    std::set<const Node*> modules;
  };

  Result<Plan> plan_of(KtPhase phase, const ShapeBucket& bucket) const {
    return make_plan(
        graph_, [&](const Node& node) { return bound_.find(node, phase); }, phase, bucket);
  }

  void add_step(const Node& node, const StepBinding& binding, KtPhase phase) {
    if (node.state >= 0 && phase == KT_DECODE) add_to_group(node, binding, phase, 0).with_state.insert(binding.operator_name);
    for (const WeightSpec& spec : node.weights) {
      if (!read_.insert(binding.device + " " + spec.canonical).second) continue;
      const uint64_t bytes = tensor_bytes(spec.dtype, spec.shape).value_or(0);
      const double share = active_share(node, spec);
      DeviceNeed& need = out_.devices[binding.device];
      if (phase == KT_DECODE) need.token_bytes += static_cast<uint64_t>(static_cast<double>(bytes) * share);
      const std::string name = shared_name_ ? shared_name_(spec) : spec.canonical;
      if (counted_.insert(name).second) count_parameters(spec, share);
      if (!placed_.insert(binding.device + " " + name).second) continue;
      need.weights += bytes;
      add_to_group(node, binding, phase, bytes);
    }
  }

  void count_parameters(const WeightSpec& spec, double share) {
    const uint64_t count = element_count(spec.shape).value_or(0);
    out_.parameters += count;
    out_.active_parameters += static_cast<uint64_t>(static_cast<double>(count) * share);
  }

  Details& add_to_group(const Node& node, const StepBinding& binding, KtPhase phase, uint64_t bytes) {
    const GroupLabel label = group_label(node);
    const auto [it, made] = index_.try_emplace(binding.device + " " + label.what, out_.groups.size());
    if (made) {
      out_.groups.push_back({binding.device, label.what, 0, 0, {}, {}});
      details_.emplace_back();
    }
    out_.groups[it->second].bytes += bytes;
    Details& details = details_[it->second];
    details.operators[binding.operator_name] += bytes;
    if (const NodeBinding* how = bound_.how(node, phase)) details.rules[rule_label(bound_, *how)] += bytes;
    if (label.module) details.modules.insert(label.module);
    return details;
  }

  void add_cache(const Plan& decode) {
    std::set<KtState> seen;
    for (const Step& step : decode.steps) {
      if (!step.node || step.node->state < 0 || !seen.insert(step.node->state).second) continue;
      const StateSpec& state = graph_.states[static_cast<size_t>(step.node->state)];
      const int32_t dtype = out_.cache_dtypes[static_cast<size_t>(step.node->state)];
      const int64_t elements =
          format::cache_row_elements(dtype, state.key_dim) + format::cache_row_elements(dtype, state.value_dim);
      out_.devices[step.binding.device].row_bytes +=
          static_cast<uint64_t>(format::row_bytes(dtype, state.heads * elements).value_or(0));
    }
    for (auto& [name, need] : out_.devices) need.cache = out_.cache_bytes(name, out_.sizes.context);
  }

  // As the executable does it: one arena and one scratch a device, large enough for every step of both phases.
  Status add_work(const Plan& prefill, const Plan& decode) {
    std::map<std::string, uint64_t> arena, scratch;
    for (const Plan* plan : {&prefill, &decode}) {
      for (const auto& [device, bytes] : plan->arena_bytes) arena[device] = std::max(arena[device], bytes);
      for (const Step& step : plan->steps) {
        if (!step.node) continue;
        uint64_t& most = scratch[step.binding.device];
        most = std::max(most, KT_TRY(probe_.scratch_size(*step.node, step.binding, plan->bucket.tokens, out_.sizes.threads)));
      }
    }
    for (const auto& parts : {arena, scratch})
      for (const auto& [device, bytes] : parts) out_.devices[device].work += bytes;
    return {};
  }

  const Graph& graph_;
  const BoundGraph& bound_;
  const SharedName& shared_name_;
  OperatorProbe probe_;
  MemoryPlan out_;
  std::vector<Details> details_;         // by group
  std::map<std::string, size_t> index_;  // "DEVICE WHAT" -> group
  std::set<std::string> counted_;        // weights, by shared name
  std::set<std::string> read_, placed_;  // "DEVICE NAME" of weights that are read, and of bytes that lie there
};

}  // namespace

uint64_t MemoryPlan::cache_bytes(const std::string& device, int32_t context) const {
  const auto it = devices.find(device);
  if (it == devices.end()) return 0;
  return static_cast<uint64_t>(cache_rows(context, sizes.sequences)) * it->second.row_bytes;
}

std::string MemoryPlan::cache_types() const {
  std::set<int32_t> seen;
  std::string out;
  for (const int32_t dtype : cache_dtypes)
    if (seen.insert(dtype).second) out += (out.empty() ? "" : " and ") + dtype_name(dtype);
  return out;
}

Result<MemoryPlan> plan_memory(const Graph& graph, const BoundGraph& bound, const Registry& registry, const RunSizes& sizes,
                               const SharedName& shared_name) {
  return MemoryPlanner(graph, bound, registry, sizes, shared_name).run();
}

}  // namespace kt::core
