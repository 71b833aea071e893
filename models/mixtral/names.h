// Where the files of Mixtral-like models keep their weights.
#pragma once

#include "kt/model.hpp"

namespace mixtral {

inline constexpr KtNameRow kNames[] = {
    kt::hf("model.layers.{L}.block_sparse_moe.gate.linear.weight", "model.layers.{L}.block_sparse_moe.gate.weight"),
    kt::hf("model.layers.{L}.block_sparse_moe.experts.gate_proj.weight",
           "model.layers.{L}.block_sparse_moe.experts.{E}.w1.weight", KT_STACK),
    kt::hf("model.layers.{L}.block_sparse_moe.experts.up_proj.weight", "model.layers.{L}.block_sparse_moe.experts.{E}.w3.weight",
           KT_STACK),
    kt::hf("model.layers.{L}.block_sparse_moe.experts.down_proj.weight",
           "model.layers.{L}.block_sparse_moe.experts.{E}.w2.weight", KT_STACK),
    kt::gguf("model.layers.{L}.block_sparse_moe.gate.linear.weight", "blk.{L}.ffn_gate_inp.weight"),
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.gate_proj.weight", "blk.{L}.ffn_gate_exps.weight"),
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.up_proj.weight", "blk.{L}.ffn_up_exps.weight"),
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.down_proj.weight", "blk.{L}.ffn_down_exps.weight"),
    // Files of 2023 have one tensor an expert.
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.gate_proj.weight", "blk.{L}.ffn_gate.{E}.weight", KT_STACK),
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.up_proj.weight", "blk.{L}.ffn_up.{E}.weight", KT_STACK),
    kt::gguf("model.layers.{L}.block_sparse_moe.experts.down_proj.weight", "blk.{L}.ffn_down.{E}.weight", KT_STACK),
};

inline kt::NameTable name_table(bool tied) {
  kt::NameTable names;
  names.add(kt::kGgufDecoder);
  names.add(kNames);
  if (tied) names.add(kt::kTiedHead);
  return names;
}

}  // namespace mixtral
