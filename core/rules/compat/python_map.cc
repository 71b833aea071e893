#include "core/rules/compat/python_map.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace kt::core {
namespace {

constexpr ModelClassRow kModelClasses[] = {
    {"Linear", "Linear"},
    {"Embedding", "Embedding"},
    {"MoEGate", "MoeGate"},
    {"*Router", "MoeGate"},
    {"*ModuleList", "MoeExperts"},
    {"*Experts", "MoeExperts"},
    {"*SparseMoeBlock", "MoeBlock"},
    {"*MoeBlock", "MoeBlock"},
    {"*MoE", "MoeBlock"},
    {"*MlpBlock", "Mlp"},
    {"*MLP", "Mlp"},
    {"*RMSNorm", "RmsNorm"},
    {"*RotaryEmbedding", "Rope"},
    {"*Attention", "SelfAttention MlaAttention"},
    {"*GatedDeltaNet", "GatedDeltaNet"},
    {"*DecoderLayer", "DecoderLayer"},
    {"*Model", "Model"},
};

constexpr std::string_view kAttention = "SelfAttention MlaAttention";
constexpr std::string_view kAttentionInner = "MlaCore=@.mla Attention=@.attention";

constexpr OperatorClassRow kOperatorClasses[] = {
    {"KTransformersLinear", "Linear", "@.linear", ""},
    {"KTransformersLinearW8A8A2", "Linear", "@.linear", ""},
    {"KTransformersExperts", "MoeExperts", "@.moe", ""},
    {"KTransformersExpertsV2", "MoeExperts", "@.moe", ""},
    {"KTransformersExpertsW8A8", "MoeExperts", "@.moe", ""},
    {"KSmallthinkerExperts", "MoeExperts", "@.moe", ""},
    {"KGlm4Experts", "MoeExperts", "@.moe", ""},
    {"KExpertsCPU", "MoeExperts", "cpu.moe", ""},
    {"KExpertsCPUW8A8", "MoeExperts", "cpu.moe", ""},
    {"KDeepseekV2MoE", "MoeBlock", "", ""},
    {"KDeepseekV3MoE", "MoeBlock", "", ""},
    {"KDeepseekV3MoEV2", "MoeBlock", "", ""},
    {"KDeepseekV3MoEW8A8", "MoeBlock", "", ""},
    {"KQwen2MoeSparseMoeBlock", "MoeBlock", "", ""},
    {"KQwen2MoeSparseMoeBlockV2", "MoeBlock", "", ""},
    {"KQwen3MoeSparseMoeBlock", "MoeBlock", "", ""},
    {"KQwen3MoeSparseMoeBlockV2", "MoeBlock", "", ""},
    {"KQwen3MoeSparseMoeBlockW8A8", "MoeBlock", "", ""},
    {"KQwen3NextSparseMoeBlockV2", "MoeBlock", "", ""},
    {"KMistralSparseMoEBlock", "MoeBlock", "", ""},
    {"KSmallthinkerMoeBlock", "MoeBlock", "", ""},
    {"KGlm4MoeMoE", "MoeBlock", "", ""},
    {"KMoEGate", "MoeGate", "@.moe_gate", ""},
    {"KMoEGateQwen2Moe", "MoeGate", "@.moe_gate", ""},
    {"KMoEGateIPEXLLM", "MoeGate", "@.moe_gate", ""},
    {"KDeepseekV3GateA2", "MoeGate", "@.moe_gate", ""},
    {"KDeepseekV2Attention", kAttention, "", kAttentionInner},
    {"KDeepseekV2AttentionW8A8A2", kAttention, "", kAttentionInner},
    {"KDeepseekV2AttentionW8A8A2Serve", kAttention, "", kAttentionInner},
    {"flashinfer_attn", kAttention, "", kAttentionInner},
    {"deepseek_torch_attn", kAttention, "", kAttentionInner},
    {"KQwen2MoeAttention", kAttention, "", kAttentionInner},
    {"KQwen3MoeAttention", kAttention, "", kAttentionInner},
    {"KQwen3MoeAttentionIPEXLLM", kAttention, "", kAttentionInner},
    {"KQwen3MoeAttentionW8A8A2Serve", kAttention, "", kAttentionInner},
    {"KQwen3NextAttention", kAttention, "", kAttentionInner},
    {"KGlm4MoeAttention", kAttention, "", kAttentionInner},
    {"KSmallthinkerAttention", kAttention, "", kAttentionInner},
    {"KLlamaAttention", kAttention, "", kAttentionInner},
    {"KQwen3NextGatedDeltaNet", "GatedDeltaNet", "@.gated_delta_net", ""},
    {"RotaryEmbedding", "Rope", "@.rope", "", true},
    {"RotaryEmbeddingV2", "Rope", "@.rope", "", true},
    {"RotaryEmbeddingV3", "Rope", "@.rope", "", true},
    {"RotaryEmbeddingV4", "Rope", "@.rope", "", true},
    {"YarnRotaryEmbedding", "Rope", "@.rope", "", true},
    {"YarnRotaryEmbeddingV3", "Rope", "@.rope", "", true},
    {"DynamicNTKScalingRotaryEmbedding", "Rope", "@.rope", "", true},
    {"KQwen3MoeRotaryEmbedding", "Rope", "@.rope", "", true},
    {"KSmallthinkerRotaryEmbedding", "Rope", "@.rope", "", true},
    {"KGlm4MoeRotaryEmbedding", "Rope", "@.rope", "", true},
    {"RMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"DeepseekV3RMSNormTorch", "RmsNorm", "@.rms_norm", ""},
    {"KQwen2MoeRMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"KQwen3MoeRMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"KQwen3MoeRMSNormW8A8", "RmsNorm", "@.rms_norm", ""},
    {"KQwen3NextRMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"KSmallthinkerRMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"KGlm4MoeRMSNorm", "RmsNorm", "@.rms_norm", ""},
    {"KDeepseekRMSNormIPEXLLM", "RmsNorm", "@.rms_norm", ""},
    {"KDeepseekV3RMSNormW8A8", "RmsNorm", "@.rms_norm", ""},
    {"kDeepseekV3MLP", "Mlp", "@.mlp", ""},
    {"KDeepseekV3MLPW8A8A2V1", "Mlp", "@.mlp", ""},
    {"KDeepseekV3MLPW8A8A2V2", "Mlp", "@.mlp", ""},
    {"KQwen2MoeMLP", "Mlp", "@.mlp", ""},
    {"KQwen3MoeMLPW8A8A2", "Mlp", "@.mlp", ""},
    {"KSmallthinkerDenseMlpBlock", "Mlp", "@.mlp", ""},
    {"KGlm4MoeMLP", "Mlp", "@.mlp", ""},
    {"KDeepseekV2Model", "Model", "", ""},
    {"KQwen2MoeModel", "Model", "", ""},
    {"KQwen3MoeModel", "Model", "", ""},
    {"KLlamaModel", "Model", "", ""},
};

constexpr OperatorNameRow kOperatorNames[] = {
    {"KLinearMarlin", "cuda_marlin.linear cuda.linear"},
    {"VLinearMarlin", "cuda_marlin.linear cuda.linear"},
    {"KLinearTorch", "@.linear"},
    {"KLinearFP8", "cuda.linear"},
    {"KLinearQ8", "@.linear"},
    {"KLinearCPUInfer", "cpu.linear"},
    {"KLinearIPEXLLM", "xpu.linear"},
    {"KLinearTorchW8A8A2", "ascend.linear"},
    {"KExpertsCPU", "cpu.moe"},
    {"KSFTExpertsCPU", "cpu.moe"},
    {"KExpertsCPUW8A8", "cpu.moe"},
    {"KExpertsMarlin", "@.moe"},
    {"KExpertsTorch", "@.moe"},
};

constexpr BackendRow kBackends[] = {
    {"AMXInt8", "activations", "int8"},
    {"AMXBF16", "activations", "bf16"},
    {"llamafile", "activations", "auto"},
};

constexpr DevicePluginRow kDevicePlugins[] = {
    {"cpu", "cpu"}, {"cuda", "cuda"}, {"rocm", "rocm"}, {"xpu", "xpu"}, {"npu", "ascend"}};

constexpr std::string_view kKeywords[] = {"generate_device",
                                          "prefill_device",
                                          "generate_op",
                                          "prefill_op",
                                          "out_device",
                                          "transfer_map",
                                          "absorb_for_prefill",
                                          "backend",
                                          "per_layer_prefill_intput_threshold",
                                          "chunck_size",
                                          "num_bits",
                                          "group_size",
                                          "act_order",
                                          "is_k_full",
                                          "block_size",
                                          "precision",
                                          "device",
                                          "dump_enable",
                                          "dump_dir"};

bool fits(std::string_view row, std::string_view name) { return row[0] == '*' ? name.ends_with(row.substr(1)) : row == name; }

std::string padded(std::string_view text, size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()), ' ');
  return out;
}

void append_row(std::string& out, std::string_view a, std::string_view b, std::string_view c = {}) {
  constexpr size_t kFirst = 36, kSecond = 28;
  std::string line = "  " + padded(a, kFirst) + " " + padded(b, kSecond) + " " + std::string(c);
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

}  // namespace

std::span<const ModelClassRow> model_class_rows() { return kModelClasses; }
std::span<const OperatorClassRow> operator_class_rows() { return kOperatorClasses; }
std::span<const OperatorNameRow> operator_name_rows() { return kOperatorNames; }
std::span<const BackendRow> backend_rows() { return kBackends; }
std::span<const DevicePluginRow> device_plugin_rows() { return kDevicePlugins; }
std::span<const std::string_view> keyword_rows() { return kKeywords; }

std::string_view last_component(std::string_view path) { return path.substr(path.rfind('.') + 1); }

const ModelClassRow* find_model_class(std::string_view path) {
  for (const ModelClassRow& row : kModelClasses)
    if (fits(row.python, last_component(path))) return &row;
  return nullptr;
}

const OperatorClassRow* find_operator_class(std::string_view path) {
  for (const OperatorClassRow& row : kOperatorClasses)
    if (row.python == last_component(path)) return &row;
  return nullptr;
}

const OperatorNameRow* find_operator_name(std::string_view name) {
  for (const OperatorNameRow& row : kOperatorNames)
    if (row.python == name) return &row;
  return nullptr;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::vector<std::string> operators_on(std::string_view operators, std::string_view device_kind) {
  std::vector<std::string> out = split_words(operators);
  const auto row = std::find_if(std::begin(kDevicePlugins), std::end(kDevicePlugins),
                                [&](const DevicePluginRow& r) { return r.device == device_kind; });
  if (row == std::end(kDevicePlugins)) return out;
  for (std::string& name : out)
    if (name[0] == '@') name.replace(0, 1, row->plugin);
  return out;
}

bool is_python_path(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  const bool deep = text.find('.', dot + 1) != std::string_view::npos;
  return deep || std::any_of(text.begin() + static_cast<std::ptrdiff_t>(dot), text.end(),
                             [](unsigned char c) { return std::isupper(c) != 0; });
}

std::string print_python_map() {
  std::string out = "Classes of models (match.class, by the last component of the path)\n";
  for (const ModelClassRow& row : kModelClasses) append_row(out, row.python, row.classes);
  out += "\nClasses of operators (replace.class); @ is the plugin of the rule's device\n";
  for (const OperatorClassRow& row : kOperatorClasses)
    append_row(out, row.python, row.classes,
               !row.operators.empty() ? row.operators
               : row.inner.empty()    ? "its body, on the device"
                                      : row.inner);
  out += "\nOperators (generate_op, prefill_op)\n";
  for (const OperatorNameRow& row : kOperatorNames) append_row(out, row.python, row.operators);
  out += "\nBackends of experts (backend)\n";
  for (const BackendRow& row : kBackends) append_row(out, row.python, std::string(row.option) + ": " + std::string(row.value));
  out += "\nDevices\n";
  for (const DevicePluginRow& row : kDevicePlugins) append_row(out, row.device, std::string(row.plugin) + ".*");
  out += "\nKeywords (kwargs)\n";
  for (const std::string_view word : kKeywords) append_row(out, word, "");
  return out;
}

}  // namespace kt::core
