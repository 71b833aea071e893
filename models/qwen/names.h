// Where the files of Qwen models keep their weights.
#pragma once

#include "kt/model.hpp"

namespace qwen {

inline constexpr KtNameRow kNames[] = {
    kt::hf("model.layers.{L}.mlp.gate.linear.weight", "model.layers.{L}.mlp.gate.weight"),
    kt::hf("model.layers.{L}.mlp.experts.gate_proj.weight", "model.layers.{L}.mlp.experts.{E}.gate_proj.weight", KT_STACK),
    kt::hf("model.layers.{L}.mlp.experts.up_proj.weight", "model.layers.{L}.mlp.experts.{E}.up_proj.weight", KT_STACK),
    kt::hf("model.layers.{L}.mlp.experts.down_proj.weight", "model.layers.{L}.mlp.experts.{E}.down_proj.weight", KT_STACK),
    kt::gguf("model.layers.{L}.mlp.gate.linear.weight", "blk.{L}.ffn_gate_inp.weight"),
    kt::gguf("model.layers.{L}.mlp.experts.gate_proj.weight", "blk.{L}.ffn_gate_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.experts.up_proj.weight", "blk.{L}.ffn_up_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.experts.down_proj.weight", "blk.{L}.ffn_down_exps.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_expert.gate_proj.weight", "blk.{L}.ffn_gate_shexp.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_expert.up_proj.weight", "blk.{L}.ffn_up_shexp.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_expert.down_proj.weight", "blk.{L}.ffn_down_shexp.weight"),
    kt::gguf("model.layers.{L}.mlp.shared_expert_gate.weight", "blk.{L}.ffn_gate_inp_shexp.weight"),
};

inline kt::NameTable name_table(bool tied) {
  kt::NameTable names;
  names.add(kt::kGgufDecoder);
  names.add(kNames);
  if (tied) names.add(kt::kTiedHead);
  return names;
}

}  // namespace qwen
