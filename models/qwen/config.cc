#include "config.h"

#include <algorithm>
#include <string>

namespace qwen {
namespace {

constexpr int64_t kMaxWindow = int64_t{1} << 40;

// What tells the four generations apart; everything else is a field.
struct Generation {
  bool qkv_bias;
  bool qk_norm;
  bool mixture;
  bool gguf_normalize;  // GGUF does not say whether the weights of the chosen experts sum to 1
};

Generation generation_of(const std::string& architecture) {
  if (architecture == "Qwen2MoeForCausalLM" || architecture == "qwen2moe") return {true, false, true, false};
  if (architecture == "Qwen3ForCausalLM" || architecture == "qwen3") return {false, true, false, false};
  if (architecture == "Qwen3MoeForCausalLM" || architecture == "qwen3moe") return {false, true, true, true};
  return {true, false, false, false};
}

void read_attention(kt::Config& c, const Generation& generation, QwenConfig& out) {
  out.attention = kt::read_attention(c, out.decoder);
  out.attention.qk_norm = generation.qk_norm;
  out.attention.qkv_bias = c.flag_or({generation.qk_norm ? "attention_bias" : "qkv_bias"}, generation.qkv_bias);
  out.attention.out_bias = generation.qk_norm && c.flag_or({"attention_bias"}, false);
  const int64_t dim = kt::read_rope_dim(c, out.attention.head_dim);
  out.attention.rope = kt::rope_frequencies(kt::read_rope(c, static_cast<double>(out.decoder.max_context)), dim);
}

// Layers with a sliding window: those that layer_types names, else those from max_window_layers on, else all.
std::vector<int64_t> read_windows(kt::Config& c, int64_t layers) {
  std::vector<int64_t> out(static_cast<size_t>(layers), 0);
  const int64_t window = c.count_or({"sliding_window", "attention.sliding_window"}, 0, kMaxWindow);
  if (window == 0 || !c.flag_or({"use_sliding_window"}, c.is_gguf())) return out;
  const kt::Key types_key{"layer_types"};
  const std::vector<std::string> types = c.texts(types_key);
  if (types.empty()) {
    const int64_t first = c.count_or({"max_window_layers"}, 0, kt::kMaxLayers);
    std::fill(out.begin() + std::min(first, layers), out.end(), window);
    return out;
  }
  if (types.size() != out.size()) {
    c.fail(types_key, "has " + std::to_string(types.size()) + " entries for " + std::to_string(layers) + " layers");
    return out;
  }
  for (size_t i = 0; i < types.size(); ++i) {
    if (types[i] == "sliding_attention")
      out[i] = window;
    else if (types[i] != "full_attention")
      c.fail(types_key, "has the unknown type '" + types[i].substr(0, 60) + "'; known: full_attention, sliding_attention");
  }
  return out;
}

std::vector<bool> read_sparse_layers(kt::Config& c, int64_t layers) {
  const int64_t step = c.has({"decoder_sparse_step"}) ? c.count({"decoder_sparse_step"}, kt::kMaxLayers) : 1;
  const std::vector<int64_t> dense = c.counts({"mlp_only_layers"}, kt::kMaxLayers);
  std::vector<bool> out;
  for (int64_t i = 0; i < layers; ++i)
    out.push_back((i + 1) % step == 0 && std::find(dense.begin(), dense.end(), i) == dense.end());
  if (!c.is_gguf() || !c.has_tensor("token_embd.weight")) return out;
  for (int64_t i = 0; i < layers; ++i)
    out[static_cast<size_t>(i)] = c.has_tensor(("blk." + std::to_string(i) + ".ffn_gate_inp.weight").c_str());
  return out;
}

void read_mixture(kt::Config& c, const Generation& generation, QwenConfig& out) {
  const kt::Key experts{"num_experts", "expert_count"};
  out.routing = kt::read_routing(c, experts, {"num_experts_per_tok", "expert_used_count"});
  out.routing.normalize = c.flag_or({"norm_topk_prob", "expert_weights_norm"}, c.is_gguf() && generation.gguf_normalize);
  out.expert_inner = c.count({"moe_intermediate_size", "expert_feed_forward_length"}, kt::kMaxDim);
  if (!generation.qk_norm)
    out.shared_inner = c.count({"shared_expert_intermediate_size", "expert_shared_feed_forward_length"}, kt::kMaxDim);
}

}  // namespace

QwenConfig read_config(kt::Config& c) {
  const Generation generation = generation_of(c.architecture());
  QwenConfig out;
  out.decoder = kt::read_decoder(c);
  read_attention(c, generation, out);
  out.windows = read_windows(c, out.decoder.layers);
  out.sparse.assign(static_cast<size_t>(out.decoder.layers), false);
  if (generation.mixture) {
    out.sparse = read_sparse_layers(c, out.decoder.layers);
    read_mixture(c, generation, out);
  }
  if (std::find(out.sparse.begin(), out.sparse.end(), false) != out.sparse.end())
    out.inner = c.count({"intermediate_size", "feed_forward_length"}, kt::kMaxDim);
  return out;
}

}  // namespace qwen
