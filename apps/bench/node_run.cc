#include "apps/bench/node_run.h"

#include <algorithm>
#include <numeric>

namespace kt::bench {
namespace {

using core::Node;
using core::Result;
using core::Status;

KtTensor tensor_of(HostValue& value) {
  KtTensor out{};
  out.struct_size = sizeof out;
  out.dtype = value.dtype;
  out.rank = static_cast<int32_t>(value.shape.size());
  out.device = {"cpu", 0, 0};
  out.data = value.elements.data();
  int64_t stride = 1;
  for (size_t d = value.shape.size(); d-- > 0;) {
    out.shape[d] = value.shape[d];
    out.stride[d] = stride;
    stride *= value.shape[d];
  }
  return out;
}

// "ExpertLinear" -> "ref.expert_linear"
std::string reference_name(const std::string& class_name) {
  std::string out = "ref.";
  for (size_t i = 0; i < class_name.size(); ++i) {
    if (i > 0 && std::isupper(static_cast<unsigned char>(class_name[i]))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(class_name[i])));
  }
  return out;
}

}  // namespace

HostValue host_value(const core::Graph& graph, KtValue value, int64_t rows) {
  HostValue out;
  out.dtype = graph.value(value).dtype;
  out.shape = graph.value(value).shape;
  for (int64_t& dim : out.shape) dim = dim < 0 ? rows : dim;
  const int64_t count = std::accumulate(out.shape.begin(), out.shape.end(), int64_t{1}, std::multiplies<>());
  out.elements.resize(static_cast<size_t>(count));
  return out;
}

Result<NodeRunner> NodeRunner::make(const core::Registry& registry, const Node& node, const core::StepBinding& binding,
                                    const WeightMemory& weights, int64_t most_rows, int32_t threads) {
  NodeRunner out;
  out.node_ = &node;
  out.instance_ = KT_TRY(core::OperatorInstance::create(registry, node, binding));
  std::vector<std::shared_ptr<core::LoadedWeight>> loaded;
  for (const core::WeightSpec& spec : node.weights)
    loaded.push_back(core::LoadedWeight::borrow(spec, weights.at(spec.canonical)));
  KT_TRY(out.instance_->prepare(std::move(loaded)));
  out.scratch_ = KT_TRY(core::Buffer::allocate(out.instance_->scratch_size(most_rows, threads)));
  return out;
}

Status NodeRunner::run(Values& values, int32_t rows, core::ThreadTeam& team) {
  std::vector<KtTensor> tensors;
  for (const KtValue value : node_->inputs) tensors.push_back(tensor_of(values.at(value)));
  for (const KtValue value : node_->outputs) tensors.push_back(tensor_of(values.at(value)));
  std::vector<const KtTensor*> pointers;
  for (const KtTensor& tensor : tensors) pointers.push_back(&tensor);
  const int32_t zero = 0;
  std::vector<int32_t> segments(static_cast<size_t>(rows), 0), positions(static_cast<size_t>(rows));
  std::iota(positions.begin(), positions.end(), 0);
  const KtBatch batch{sizeof(KtBatch), rows <= 8 ? KT_DECODE : KT_PREFILL, rows, 1, &zero, &rows, &zero, segments.data(),
                      positions.data()};
  KtCall call{};
  call.struct_size = sizeof call;
  call.input_count = static_cast<uint32_t>(node_->inputs.size());
  call.inputs = pointers.data();
  call.output_count = static_cast<uint32_t>(node_->outputs.size());
  call.outputs = pointers.data() + node_->inputs.size();
  call.batch = &batch;
  call.scratch = scratch_.data();
  call.scratch_size = scratch_.size();
  call.context = &team;
  return instance_->run(call);
}

Status run_by_reference(const core::Registry& registry, const Node& module, const WeightMemory& weights, Values& values,
                        int32_t rows, core::ThreadTeam& team) {
  for (const auto& node : module.body) {
    if (node->is_module) {
      KT_TRY(run_by_reference(registry, *node, weights, values, rows, team));
      continue;
    }
    for (const KtValue output : node->outputs) values[output] = host_value(*node->graph, output, rows);
    const std::string name = reference_name(node->class_name);
    const core::OperatorInfo* info = registry.find(name);
    if (!info)
      return core::fail(616, "operator '" + name + "' is not loaded",
                        "results are checked against plugin ref; kt plugins ls shows what is loaded");
    NodeRunner runner =
        KT_TRY(NodeRunner::make(registry, *node, {name, "cpu", option_values(*info, "")}, weights, rows, team.threads()));
    KT_TRY(runner.run(values, rows, team));
  }
  return {};
}

std::map<std::string, std::string, std::less<>> option_values(const core::OperatorInfo& info, const std::string& activations) {
  std::map<std::string, std::string, std::less<>> out;
  for (const core::OptionInfo& option : info.options)
    out[option.name] = option.name == "activations" && !activations.empty() ? activations : option.default_value;
  return out;
}

}  // namespace kt::bench
