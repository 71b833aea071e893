// Rows that say where the files of a model keep a weight of its graph.
#ifndef KT_MODEL_NAMES_HPP
#define KT_MODEL_NAMES_HPP

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "kt/abi.h"

namespace kt {

// Constant rows of a family's table. `weight` is the name in the graph, `in_file` that in the file; "{L}" stands for a
// layer, "{E}" for an expert (KT_STACK). A weight that has its own name in the file needs no row.
constexpr KtNameRow hf(const char* weight, const char* in_file, KtTransform transform = KT_AS_IS) {
  return {sizeof(KtNameRow), KT_SOURCE_HF, weight, in_file, transform, 0, 0, 0};
}
constexpr KtNameRow gguf(const char* weight, const char* in_file, KtTransform transform = KT_AS_IS) {
  return {sizeof(KtNameRow), KT_SOURCE_GGUF, weight, in_file, transform, 0, 0, 0};
}

// What GGUF calls the weights that nearly every decoder has.
inline constexpr KtNameRow kGgufDecoder[] = {
    gguf("model.embed_tokens.weight", "token_embd.weight"),
    gguf("model.norm.weight", "output_norm.weight"),
    gguf("lm_head.weight", "output.weight"),
    gguf("model.layers.{L}.input_layernorm.weight", "blk.{L}.attn_norm.weight"),
    gguf("model.layers.{L}.post_attention_layernorm.weight", "blk.{L}.ffn_norm.weight"),
    gguf("model.layers.{L}.self_attn.q_proj.weight", "blk.{L}.attn_q.weight"),
    gguf("model.layers.{L}.self_attn.q_proj.bias", "blk.{L}.attn_q.bias"),
    gguf("model.layers.{L}.self_attn.k_proj.weight", "blk.{L}.attn_k.weight"),
    gguf("model.layers.{L}.self_attn.k_proj.bias", "blk.{L}.attn_k.bias"),
    gguf("model.layers.{L}.self_attn.v_proj.weight", "blk.{L}.attn_v.weight"),
    gguf("model.layers.{L}.self_attn.v_proj.bias", "blk.{L}.attn_v.bias"),
    gguf("model.layers.{L}.self_attn.o_proj.weight", "blk.{L}.attn_output.weight"),
    gguf("model.layers.{L}.self_attn.o_proj.bias", "blk.{L}.attn_output.bias"),
    gguf("model.layers.{L}.self_attn.q_norm.weight", "blk.{L}.attn_q_norm.weight"),
    gguf("model.layers.{L}.self_attn.k_norm.weight", "blk.{L}.attn_k_norm.weight"),
    gguf("model.layers.{L}.mlp.gate_proj.weight", "blk.{L}.ffn_gate.weight"),
    gguf("model.layers.{L}.mlp.gate_proj.bias", "blk.{L}.ffn_gate.bias"),
    gguf("model.layers.{L}.mlp.up_proj.weight", "blk.{L}.ffn_up.weight"),
    gguf("model.layers.{L}.mlp.up_proj.bias", "blk.{L}.ffn_up.bias"),
    gguf("model.layers.{L}.mlp.down_proj.weight", "blk.{L}.ffn_down.weight"),
    gguf("model.layers.{L}.mlp.down_proj.bias", "blk.{L}.ffn_down.bias"),
};

// lm_head without a weight of its own uses the embedding's.
inline constexpr KtNameRow kTiedHead[] = {
    hf("lm_head.weight", "model.embed_tokens.weight"),
    gguf("lm_head.weight", "token_embd.weight"),
};

// The table of one model: constant rows, and rows whose numbers depend on the configuration. Earlier rows win.
class NameTable {
 public:
  void add(std::span<const KtNameRow> rows) {
    for (const KtNameRow& row : rows) rows_.push_back(row);
  }
  // Rows [begin, begin + heads' rows) of each group of `stride` rows of a larger matrix.
  void add_head_rows(KtNameRow row, int64_t begin, int64_t stride) {
    row.transform = KT_HEAD_ROWS;
    row.begin = begin;
    row.stride = stride;
    rows_.push_back(row);
  }
  // Valid until the table changes.
  std::span<const KtNameRow* const> pointers() {
    pointers_.clear();
    for (const KtNameRow& row : rows_) pointers_.push_back(&row);
    return pointers_;
  }

 private:
  std::deque<KtNameRow> rows_;
  std::vector<const KtNameRow*> pointers_;
};

}  // namespace kt

#endif
