#include "core/estimate/assumed_types.h"

#include <algorithm>
#include <map>

#include "kt/format/dtype.h"

namespace kt::core {
namespace {

// The types of the parts of a model: matrices, those that mixes keep more exact in half of the layers, the head, and the
// per-head matrices of latent attention.
struct TypeMix {
  const char* name;
  int32_t matrix, sensitive, head, per_head;
};

constexpr TypeMix kMixes[] = {
    {"f32", KT_F32, KT_F32, KT_F32, KT_F32},
    {"bf16", KT_BF16, KT_BF16, KT_BF16, KT_BF16},
    {"f16", KT_F16, KT_F16, KT_F16, KT_F16},
    {"f8_e4m3", KT_F8_E4M3, KT_F8_E4M3, KT_BF16, KT_BF16},
    {"q8_0", KT_Q8_0, KT_Q8_0, KT_Q8_0, KT_Q8_0},
    {"q6_k", KT_Q6_K, KT_Q6_K, KT_Q6_K, KT_Q8_0},
    {"q5_k_m", KT_Q5_K, KT_Q6_K, KT_Q6_K, KT_Q8_0},
    {"q5_k", KT_Q5_K, KT_Q5_K, KT_Q6_K, KT_Q8_0},
    {"q5_0", KT_Q5_0, KT_Q5_0, KT_Q6_K, KT_Q8_0},
    {"q4_k_m", KT_Q4_K, KT_Q6_K, KT_Q6_K, KT_Q8_0},
    {"q4_k", KT_Q4_K, KT_Q4_K, KT_Q6_K, KT_Q8_0},
    {"q4_0", KT_Q4_0, KT_Q4_0, KT_Q6_K, KT_Q8_0},
    {"iq4_xs", KT_IQ4_XS, KT_IQ4_XS, KT_Q6_K, KT_Q8_0},
    {"mxfp4", KT_MXFP4, KT_MXFP4, KT_Q8_0, KT_Q8_0},
    {"q3_k", KT_Q3_K, KT_Q3_K, KT_Q6_K, KT_Q8_0},
    {"q2_k", KT_Q2_K, KT_Q3_K, KT_Q6_K, KT_Q8_0},
    {"iq2_xxs", KT_IQ2_XXS, KT_IQ2_XXS, KT_Q6_K, KT_Q8_0},
    {"iq1_s", KT_IQ1_S, KT_IQ1_S, KT_Q6_K, KT_Q8_0},
};

// `dtype`, or one with shorter blocks and no fewer bits.
int32_t fitting(int32_t dtype, int64_t columns) {
  for (const int32_t candidate : {dtype, static_cast<int32_t>(KT_Q8_0)})
    if (columns % format::dtype_info(candidate)->block_elements == 0) return candidate;
  return KT_F16;
}

class TypeGiver {
 public:
  TypeGiver(const TypeMix& mix, int layers) : mix_(mix), layers_(layers) {}

  void visit(Node& node, bool in_router) {
    in_router = in_router || node.class_name == "MoeGate";
    for (WeightSpec& spec : node.own_weights) types_[spec.canonical] = spec.dtype = type_of(node, spec, in_router);
    for (const auto& child : node.body) visit(*child, in_router);
    for (WeightSpec& spec : node.weights)
      if (const auto it = types_.find(spec.canonical); it != types_.end()) spec.dtype = it->second;
  }

 private:
  int32_t type_of(const Node& node, const WeightSpec& spec, bool in_router) const {
    if (spec.shape.size() < 2 || in_router) return KT_F32;
    const int64_t columns = spec.shape.back();
    if (node.class_name == "HeadLinear") return fitting(mix_.per_head, columns);
    const int layer = node.layer();
    if (layer < 0) return fitting(node.class_name == "Embedding" ? mix_.matrix : mix_.head, columns);
    const bool sensitive = node.name.ends_with(".v_proj") || node.name.ends_with(".down_proj");
    return fitting(sensitive && more_exact(layer) ? mix_.sensitive : mix_.matrix, columns);
  }

  // The first and last eighth of the layers and every third between.
  bool more_exact(int layer) const {
    const int eighth = layers_ / 8;
    return layer < eighth || layer >= 7 * layers_ / 8 || (layer - eighth) % 3 == 2;
  }

  const TypeMix& mix_;
  int layers_;
  std::map<std::string, int32_t> types_;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::vector<std::string> assumable_types() {
  std::vector<std::string> out;
  for (const TypeMix& mix : kMixes) out.push_back(mix.name);
  return out;
}

std::string type_in_config(const ModelConfig& config) {
  const std::string* method = config.get_string("quantization_config.quant_method");
  if (method && *method == "fp8") return "f8_e4m3";
  for (const char* key : {"torch_dtype", "dtype"})
    if (const std::string* name = config.get_string(key)) return *name == "float16" ? "f16" : *name == "float32" ? "f32" : "bf16";
  return "bf16";
}

Status assume_types(Graph& graph, const std::string& type) {
  const auto* mix = std::find_if(std::begin(kMixes), std::end(kMixes), [&](const TypeMix& m) { return m.name == lower(type); });
  if (mix == std::end(kMixes)) {
    std::string known;
    for (const std::string& name : assumable_types()) known += (known.empty() ? "" : ", ") + name;
    return fail(102, "--type: there is no type '" + type.substr(0, 60) + "'", "known: " + known);
  }
  int layers = 0;
  for (const Node* node : graph.nodes()) layers = std::max(layers, node->layer() + 1);
  TypeGiver(*mix, layers).visit(*graph.root, false);
  return {};
}

}  // namespace kt::core
