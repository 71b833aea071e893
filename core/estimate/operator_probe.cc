#include "core/estimate/operator_probe.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/plugin/host.h"
#include "core/plugin/options.h"
#include "core/plugin/plugin_call.h"
#include "core/tensor/shape.h"

namespace kt::core {
namespace {

void append_shape(std::string& out, int32_t dtype, const std::vector<int64_t>& shape) {
  out += "|" + std::to_string(dtype);
  for (const int64_t dim : shape) out += "," + std::to_string(dim);
}

std::string attribute_text(const Attribute& attribute) {
  if (const auto* integer = std::get_if<int64_t>(&attribute)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&attribute)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&attribute)) return *text;
  return std::to_string(std::get<std::vector<float>>(attribute).size());
}

// Everything that an operator's scratch may depend on.
std::string signature(const Node& node, const StepBinding& binding) {
  std::string out = binding.operator_name;
  for (const auto& [key, value] : binding.options) out += "|" + key + "=" + value;
  for (const auto& [key, value] : node.attributes) out += "|" + key + "=" + attribute_text(value);
  for (const KtValue input : node.inputs) append_shape(out, node.graph->value(input).dtype, node.graph->value(input).shape);
  out += ">";
  for (const KtValue output : node.outputs) append_shape(out, node.graph->value(output).dtype, node.graph->value(output).shape);
  for (const WeightSpec& spec : node.weights) append_shape(out += spec.parameter, spec.dtype, spec.shape);
  return out;
}

}  // namespace

// Zeros without memory behind them: pages that are only read are the system's one page of zeros.
class OperatorProbe::Zeros {
 public:
  ~Zeros() { release(); }
  // nullptr if the system refuses that much address space.
  void* of_size(uint64_t size) {
    if (size <= size_) return data_;
    void* grown = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (grown == MAP_FAILED) return nullptr;
    old_.emplace_back(data_, size_);  // instances made before go on reading it
    data_ = grown;
    size_ = size;
    return data_;
  }

 private:
  void release() {
    old_.emplace_back(data_, size_);
    for (const auto& [data, size] : old_)
      if (data) munmap(data, size);
  }

  void* data_ = nullptr;
  uint64_t size_ = 0;
  std::vector<std::pair<void*, uint64_t>> old_;
};

class OperatorProbe::Instance {
 public:
  static Result<std::unique_ptr<Instance>> create(const Registry& registry, const Node& node, const StepBinding& binding) {
    const OperatorEntry* entry = registry.entry(binding.operator_name);
    if (!entry) return fail(616, "operator '" + binding.operator_name + "' is not loaded", "kt plugins ls shows what is");
    std::unique_ptr<Instance> out(new Instance());
    out->library_ = entry->library;
    out->def_ = entry->def;
    out->node_ = node.name;
    const KtOptions options{binding.options};
    const PluginCall call(out->facts("creating"));
    KT_TRY(plugin_status(out->def_->create(&host_table(), reinterpret_cast<const KtNode*>(&node), &options, &out->self_),
                         "operator " + binding.operator_name + " at " + node.name));
    return out;
  }
  ~Instance() {
    if (!self_) return;
    const PluginCall call(facts("destroying"));
    def_->destroy(self_);
  }

  // False if the operator cannot be prepared without values.
  bool prepare(const Node& node, Zeros& zeros) {
    if (!def_->prepare) return true;
    weights_.resize(node.weights.size());
    std::vector<const KtWeight*> pointers;
    for (size_t i = 0; i < weights_.size(); ++i) {
      const auto bytes = tensor_bytes(node.weights[i].dtype, node.weights[i].shape);
      void* data = bytes ? zeros.of_size(*bytes) : nullptr;
      if (!data) return false;
      weights_[i].fill(node.weights[i], data);
      pointers.push_back(&weights_[i].view);
    }
    const PluginCall call(facts("preparing"));
    const KtStatus status = def_->prepare(self_, &host_table(), pointers.data(), static_cast<uint32_t>(pointers.size()));
    if (status != KT_OK) take_plugin_error();
    return status == KT_OK;
  }

  uint64_t scratch_size(int64_t tokens, int32_t threads) const {
    if (!def_->scratch_size) return 0;
    const PluginCall call(facts("asking for the scratch size of"));
    return def_->scratch_size(self_, tokens, threads);
  }

 private:
  PluginCallFacts facts(const char* activity) const {
    return {activity, def_->name, library_->table().name, library_->table().version, node_.c_str()};
  }

  struct ShapeOnly {
    void fill(const WeightSpec& spec, void* data) {
      name = spec.parameter;
      tensor = KtTensor{};
      tensor.struct_size = sizeof tensor;
      tensor.dtype = spec.dtype;
      tensor.rank = static_cast<int32_t>(spec.shape.size());
      tensor.device = {"cpu", 0, 0};
      tensor.data = data;
      int64_t stride = 1;
      for (size_t d = spec.shape.size(); d-- > 0; stride *= spec.shape[d]) {
        tensor.shape[d] = spec.shape[d];
        tensor.stride[d] = stride;
      }
      part = KtWeightPart{sizeof part, 1, "values", &tensor_pointer};
      view = KtWeight{};
      view.struct_size = sizeof view;
      view.dtype = spec.dtype;
      view.rank = tensor.rank;
      view.part_count = 1;
      view.name = name.c_str();
      std::copy(spec.shape.begin(), spec.shape.end(), view.shape);
      view.parts = &part_pointer;
    }

    std::string name;
    KtTensor tensor{};
    const KtTensor* tensor_pointer = &tensor;
    KtWeightPart part{};
    const KtWeightPart* part_pointer = &part;
    KtWeight view{};
  };

  Instance() = default;

  std::string node_;
  std::shared_ptr<Library> library_;
  const KtOperatorDef* def_ = nullptr;
  void* self_ = nullptr;
  std::vector<ShapeOnly> weights_;
};

OperatorProbe::OperatorProbe(const Registry& registry) : registry_(registry), zeros_(std::make_unique<Zeros>()) {}
OperatorProbe::~OperatorProbe() = default;

Result<const OperatorProbe::Instance*> OperatorProbe::instance(const Node& node, const StepBinding& binding) {
  std::unique_ptr<Instance>& slot = instances_[signature(node, binding)];
  if (!slot) {
    slot = KT_TRY(Instance::create(registry_, node, binding));
    // On another device the values would have to lie there.
    const bool prepared = binding.device == "cpu" && slot->prepare(node, *zeros_);
    exact_ = exact_ && (prepared || node.weights.empty());
  }
  return slot.get();
}

Result<uint64_t> OperatorProbe::scratch_size(const Node& node, const StepBinding& binding, int64_t tokens, int32_t threads) {
  const Instance* made = KT_TRY(instance(node, binding));
  return made->scratch_size(tokens, threads);
}

}  // namespace kt::core
