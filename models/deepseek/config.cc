#include "config.h"

#include <string>

namespace deepseek {
namespace {

constexpr kt::Key kUsed{"num_experts_per_tok", "expert_used_count"};
constexpr kt::Key kGroups{"n_group", "expert_group_count"};
constexpr kt::Key kGroupsUsed{"topk_group", "expert_group_used_count"};

bool is_third_generation(const kt::Config& c) { return c.architecture() == "DeepseekV3ForCausalLM"; }

// GGUF says how long a head's key and value are; files from before the latent cache say it under other keys.
void read_gguf_head(kt::Config& c, LatentShape& out) {
  const kt::Key key{nullptr, "attention.key_length_mla"}, old_key{nullptr, "attention.key_length"};
  const kt::Key value{nullptr, "attention.value_length_mla"}, old_value{nullptr, "attention.value_length"};
  out.rope = c.count({nullptr, "rope.dimension_count"}, kt::kMaxDim);
  const int64_t length = c.count(c.has(key) ? key : old_key, kt::kMaxDim);
  out.value = c.count(c.has(value) ? value : old_value, kt::kMaxDim);
  out.nope = length - out.rope;
  if (out.nope >= 1) return;
  c.fail(c.has(key) ? key : old_key, "is " + std::to_string(length) + ", which leaves nothing beside the " +
                                         std::to_string(out.rope) + " rotated dimensions");
  out.nope = 1;
}

void read_head(kt::Config& c, LatentShape& out) {
  out.nope = c.count({"qk_nope_head_dim"}, kt::kMaxDim);
  out.rope = c.count({"qk_rope_head_dim"}, kt::kMaxDim);
  out.value = c.count({"v_head_dim"}, kt::kMaxDim);
}

// YaRN's temperature acts on the scores (mscale_all_dim), not on cos and sin; GGUF keeps a tenth of it.
void read_positions(kt::Config& c, double max_context, LatentShape& out) {
  if (out.rope % 2 != 0)
    c.fail({"qk_rope_head_dim", "rope.dimension_count"}, "is " + std::to_string(out.rope) + ", needs an even number");
  kt::RopeScaling scaling = kt::read_rope(c, max_context);
  if (c.is_gguf()) scaling.mscale = scaling.mscale_all_dim = 10.0 * c.number_or({nullptr, "rope.scaling.yarn_log_multiplier"}, 0);
  out.frequencies = kt::rope_frequencies(scaling, out.rope);
  out.scale = 1.0 / std::sqrt(static_cast<double>(out.nope + out.rope));
  if (scaling.type == kt::RopeType::kYarn && scaling.mscale_all_dim != 0) {
    const double temperature = kt::yarn_mscale(scaling.factor, scaling.mscale_all_dim);
    out.scale *= temperature * temperature;
  }
}

LatentShape read_latent_attention(kt::Config& c, const kt::DecoderShape& decoder) {
  LatentShape out;
  out.heads = c.count({"num_attention_heads", "attention.head_count"}, kt::kMaxHeads);
  out.query_rank = c.count_or({"q_lora_rank", "attention.q_lora_rank"}, 0, kt::kMaxDim);
  out.rank = c.count({"kv_lora_rank", "attention.kv_lora_rank"}, kt::kMaxDim);
  if (c.is_gguf())
    read_gguf_head(c, out);
  else
    read_head(c, out);
  out.bias = c.flag_or({"attention_bias"}, false);
  out.interleaved = !is_third_generation(c) || c.flag_or({"rope_interleave"}, true);
  read_positions(c, static_cast<double>(decoder.max_context), out);
  return out;
}

// How experts are scored: "softmax" or "sigmoid".
const char* read_scoring(kt::Config& c) {
  if (c.is_gguf()) {
    const kt::Key key{nullptr, "expert_gating_func"};
    const int64_t function = c.count_or(key, 1, 255);
    if (function == 0 || function > 2) c.fail(key, "is " + std::to_string(function) + "; known: 1 (softmax), 2 (sigmoid)");
    return function == 2 ? "sigmoid" : "softmax";
  }
  const kt::Key key{"scoring_func"};
  const std::string name = c.text_or(key, is_third_generation(c) ? "sigmoid" : "softmax");
  if (name != "sigmoid" && name != "softmax") c.fail(key, "is '" + name.substr(0, 60) + "'; known: softmax, sigmoid");
  return name == "sigmoid" ? "sigmoid" : "softmax";
}

void read_groups(kt::Config& c, kt::RoutingShape& out) {
  out.groups = c.has(kGroups) ? c.count(kGroups, kt::kMaxExperts) : 1;
  out.groups_used = c.has(kGroupsUsed) ? c.count(kGroupsUsed, kt::kMaxExperts) : out.groups;
  if (out.experts % out.groups != 0) {
    c.fail(kGroups,
           "is " + std::to_string(out.groups) + ", which does not divide the " + std::to_string(out.experts) + " experts");
  } else if (out.groups_used > out.groups) {
    c.fail(kGroupsUsed,
           "is " + std::to_string(out.groups_used) + ", more than the " + std::to_string(out.groups) + " groups there are");
  } else if (out.used > out.groups_used * (out.experts / out.groups)) {
    c.fail(kUsed, "is " + std::to_string(out.used) + ", more than the chosen groups hold");
  }
}

void read_method(kt::Config& c, int64_t first_sparse, kt::RoutingShape& out) {
  if (c.is_gguf()) {
    const std::string bias = "blk." + std::to_string(first_sparse) + ".exp_probs_b.bias";
    out.bias = c.has_tensor("token_embd.weight") ? c.has_tensor(bias.c_str()) : std::string_view(out.scoring) == "sigmoid";
    read_groups(c, out);
    return;
  }
  const kt::Key key{"topk_method"};
  const std::string method = c.text_or(key, is_third_generation(c) ? "noaux_tc" : "greedy");
  out.bias = method == "noaux_tc";
  if (method == "noaux_tc" || method == "group_limited_greedy")
    read_groups(c, out);
  else if (method != "greedy")
    c.fail(key, "is the unknown method '" + method.substr(0, 60) + "'; known: greedy, group_limited_greedy, noaux_tc");
  if (out.bias && out.groups > 1 && out.experts / out.groups < 2)
    c.fail(kGroups, "leaves one expert a group; a group is scored by its best two");
}

void read_mixture(kt::Config& c, DeepseekConfig& out) {
  const kt::Key experts{"n_routed_experts", "expert_count"};
  if (c.count_or(experts, 0, kt::kMaxExperts) == 0) return;
  out.routing = kt::read_routing(c, experts, kUsed);
  out.routing.scoring = read_scoring(c);
  out.routing.normalize = c.flag_or({"norm_topk_prob", "expert_weights_norm"}, false);
  out.routing.factor = c.number_or({"routed_scaling_factor", "expert_weights_scale"}, 1.0);
  if (c.is_gguf() && out.routing.factor == 0) out.routing.factor = 1.0;  // written by converters for "none"
  out.expert_inner = c.count({"moe_intermediate_size", "expert_feed_forward_length"}, kt::kMaxDim);
  out.shared_inner = out.expert_inner * c.count_or({"n_shared_experts", "expert_shared_count"}, 0, kt::kMaxExperts);
  out.first_sparse = c.count_or({"first_k_dense_replace", "leading_dense_block_count"}, 0, kt::kMaxLayers);
  out.sparse_step = c.has({"moe_layer_freq"}) ? c.count({"moe_layer_freq"}, kt::kMaxLayers) : 1;
  read_method(c, out.first_sparse, out.routing);
}

}  // namespace

DeepseekConfig read_config(kt::Config& c) {
  DeepseekConfig out;
  out.decoder = kt::read_decoder(c);
  // Layers that predict further tokens stand behind the decoder's own and are not part of it.
  const int64_t predictors = c.is_gguf() ? c.count_or({nullptr, "nextn_predict_layers"}, 0, kt::kMaxLayers) : 0;
  if (predictors >= out.decoder.layers) c.fail({nullptr, "nextn_predict_layers"}, "leaves no layers");
  out.decoder.layers -= predictors;
  out.attention = read_latent_attention(c, out.decoder);
  read_mixture(c, out);
  bool any_dense = false;
  for (int64_t layer = 0; layer < out.decoder.layers; ++layer) any_dense |= !out.sparse(layer);
  if (any_dense) out.inner = c.count({"intermediate_size", "feed_forward_length"}, kt::kMaxDim);
  return out;
}

}  // namespace deepseek
