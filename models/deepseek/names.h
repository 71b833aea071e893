// Where the files of DeepSeek models keep their weights.
#pragma once

#include "kt/model.hpp"

namespace deepseek {

inline constexpr KtNameRow kNames[] = {
    kt::hf("model.layers.{L}.mlp.gate.linear.weight", "model.layers.{L}.mlp.gate.weight"),
    kt::hf("model.layers.{L}.mlp.gate.bias.bias", "model.layers.{L}.mlp.gate.e_score_correction_bias"),
    kt::hf("model.layers.{L}.mlp.experts.gate_proj.weight", "model.layers.{L}.mlp.experts.{E}.gate_proj.weight", KT_STACK),
    kt::hf("model.layers.{L}.mlp.experts.up_proj.weight", "model.layers.{L}.mlp.experts.{E}.up_proj.weight", KT_STACK),
    kt::hf("model.layers.{L}.mlp.experts.down_proj.weight", "model.layers.{L}.mlp.experts.{E}.down_proj.weight", KT_STACK),
    kt::gguf("model.layers.{L}.self_attn.q_a_proj.weight", "blk.{L}.attn_q_a.weight"),
    kt::gguf("model.layers.{L}.self_attn.q_a_layernorm.weight", "blk.{L}.attn_q_a_norm.weight"),
    kt::gguf("model.layers.{L}.self_attn.q_b_proj.weight", "blk.{L}.attn_q_b.weight"),
    kt::gguf("model.layers.{L}.self_attn.kv_a_proj_with_mqa.weight", "blk.{L}.attn_kv_a_mqa.weight"),
    kt::gguf("model.layers.{L}.self_attn.kv_a_layernorm.weight", "blk.{L}.attn_kv_a_norm.weight"),
    kt::gguf("model.layers.{L}.self_attn.mla.w_uk.weight", "blk.{L}.attn_k_b.weight", KT_TRANSPOSE_LAST),
    kt::gguf("model.layers.{L}.self_attn.mla.w_uv.weight", "blk.{L}.attn_v_b.weight"),
    kt::gguf("model.layers.{L}.mlp.gate.linear.weight", "blk.{L}.ffn_gate_inp.weight"),
    kt::gguf("model.layers.{L}.mlp.gate.bias.bias", "blk.{L}.exp_probs_b.bias"),
    kt::gguf("model.layers.{L}.mlp.experts.gate_proj.weight", "blk.{L}.ffn_gate_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.experts.up_proj.weight", "blk.{L}.ffn_up_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.experts.down_proj.weight", "blk.{L}.ffn_down_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_experts.gate_proj.weight", "blk.{L}.ffn_gate_shexp.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_experts.up_proj.weight", "blk.{L}.ffn_up_shexp.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_experts.down_proj.weight", "blk.{L}.ffn_down_shexp.weight"),
};

// The two halves of kv_b_proj: of each head's rows the first `nope` make keys, the other `value` make values. GGUF files
// of before the latent cache keep them so, too.
inline kt::NameTable name_table(bool tied, int64_t nope, int64_t value) {
  const char* keys = "model.layers.{L}.self_attn.mla.w_uk.weight";
  const char* values = "model.layers.{L}.self_attn.mla.w_uv.weight";
  kt::NameTable names;
  names.add(kt::kGgufDecoder);
  names.add(kNames);
  for (const auto& [row, begin] : {std::pair{kt::hf(keys, "model.layers.{L}.self_attn.kv_b_proj.weight"), int64_t{0}},
                                   std::pair{kt::hf(values, "model.layers.{L}.self_attn.kv_b_proj.weight"), nope},
                                   std::pair{kt::gguf(keys, "blk.{L}.attn_kv_b.weight"), int64_t{0}},
                                   std::pair{kt::gguf(values, "blk.{L}.attn_kv_b.weight"), nope}})
    names.add_head_rows(row, begin, nope + value);
  if (tied) names.add(kt::kTiedHead);
  return names;
}

}  // namespace deepseek
