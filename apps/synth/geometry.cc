#include "apps/synth/geometry.h"

#include <algorithm>

#include "core/text/byte_level.h"

namespace kt::synth {

using namespace core;
namespace {

constexpr int64_t kLeastVocabulary = 1024;  // the bytes and the pairs of letters

class Describer {
 public:
  Describer(const Geometry& g, const GeometryCut& cut)
      : g_(g),
        layers_(cut.layers > 0 ? cut.layers : g.layers),
        experts_(cut.experts > 0 ? std::max<int64_t>(cut.experts, g.used) : g.experts),
        vocabulary_(cut.vocabulary > 0 ? std::max<int64_t>(cut.vocabulary, kLeastVocabulary) : g.vocabulary) {
    dense_ = layers_ > g.dense_layers ? g.dense_layers : 0;
  }

  SynthModel run() {
    write_metadata();
    write_vocabulary();
    add("token_embd.weight", {vocabulary_, g_.hidden}, TensorPart::kEmbedding, 1.0 / static_cast<double>(vocabulary_));
    add("output_norm.weight", {g_.hidden}, TensorPart::kNorm);
    add("output.weight", {vocabulary_, g_.hidden}, TensorPart::kHead);
    for (int layer = 0; layer < layers_; ++layer) add_layer(layer);
    return std::move(out_);
  }

 private:
  void key(const std::string& name, GgufValue value) {
    out_.metadata.emplace_back(std::string(g_.architecture) + "." + name, std::move(value));
  }
  void count(const std::string& name, int64_t value) { key(name, gguf_u32(static_cast<uint32_t>(value))); }

  void write_metadata() {
    out_.metadata.emplace_back("general.architecture", gguf_text(g_.architecture));
    out_.metadata.emplace_back("general.name",
                               gguf_text(std::string("synthetic ") + g_.name + ", " + std::to_string(layers_) + " layers"));
    count("context_length", g_.context);
    count("embedding_length", g_.hidden);
    count("feed_forward_length", g_.inner);
    count("block_count", layers_);
    count("attention.head_count", g_.heads);
    count("attention.head_count_kv", g_.rank > 0 ? 1 : g_.kv_heads);
    key("rope.freq_base", gguf_f32(static_cast<float>(g_.rope_base)));
    key("attention.layer_norm_rms_epsilon", gguf_f32(1e-6f));
    count("expert_count", experts_);
    count("expert_used_count", g_.used);
    count("expert_feed_forward_length", g_.expert_inner);
    if (g_.rank > 0)
      write_latent_metadata();
    else {
      count("attention.key_length", g_.head_dim);
      count("attention.value_length", g_.head_dim);
    }
  }

  void write_latent_metadata() {
    count("vocab_size", vocabulary_);
    count("leading_dense_block_count", dense_);
    count("attention.kv_lora_rank", g_.rank);
    if (g_.query_rank > 0) count("attention.q_lora_rank", g_.query_rank);
    count("attention.key_length", g_.rank + g_.rope);
    count("attention.value_length", g_.rank);
    count("attention.key_length_mla", g_.nope + g_.rope);
    count("attention.value_length_mla", g_.value);
    count("rope.dimension_count", g_.rope);
    count("expert_shared_count", g_.shared);
    key("expert_weights_scale", gguf_f32(g_.sigmoid_routing ? 2.5f : 1.0f));
    key("expert_weights_norm", gguf_bool(g_.sigmoid_routing));
    count("expert_gating_func", g_.sigmoid_routing ? 2 : 1);
    if (!g_.sigmoid_routing || experts_ % 8 != 0) return;
    count("expert_group_count", 8);
    count("expert_group_used_count", 4);
  }

  // Every byte and every pair of lower-case letters; the rest are names without use, so that the table has the real length.
  void write_vocabulary() {
    std::vector<std::string> tokens, merges;
    for (int byte = 0; byte < 256; ++byte) {
      const char raw = static_cast<char>(byte);
      append_byte_level({&raw, 1}, &tokens.emplace_back());
    }
    for (char a = 'a'; a <= 'z'; ++a)
      for (char b = 'a'; b <= 'z'; ++b) {
        tokens.push_back({a, b});
        merges.push_back({a, ' ', b});
      }
    std::vector<int32_t> types(tokens.size(), 1);
    while (static_cast<int64_t>(tokens.size()) < vocabulary_)
      tokens.push_back("<|unused_" + std::to_string(tokens.size()) + "|>");
    types.resize(tokens.size(), 5);
    types.back() = 3;
    const auto last = gguf_u32(static_cast<uint32_t>(tokens.size() - 1));
    auto& m = out_.metadata;
    m.emplace_back("tokenizer.ggml.model", gguf_text("gpt2"));
    m.emplace_back("tokenizer.ggml.pre", gguf_text(g_.rank > 0 ? "deepseek-llm" : "qwen2"));
    m.emplace_back("tokenizer.ggml.tokens", gguf_texts(std::move(tokens)));
    m.emplace_back("tokenizer.ggml.token_type", gguf_i32s(types));
    m.emplace_back("tokenizer.ggml.merges", gguf_texts(std::move(merges)));
    m.emplace_back("tokenizer.ggml.bos_token_id", last);
    m.emplace_back("tokenizer.ggml.eos_token_id", last);
    m.emplace_back("tokenizer.ggml.add_bos_token", gguf_bool(false));
  }

  void add(const std::string& name, std::vector<int64_t> shape, TensorPart part, double active = 1) {
    out_.tensors.push_back({name, std::move(shape), part, active});
  }
  void weight(const std::string& name, std::vector<int64_t> shape) {
    add(block_ + name + ".weight", std::move(shape), TensorPart::kWeight);
  }
  void norm(const std::string& name, int64_t size) { add(block_ + name + ".weight", {size}, TensorPart::kNorm); }
  // Layers in which mixes keep attn_v and ffn_down more exact: the first and last eighth and every third between.
  TensorPart sensitive(int layer) const {
    const int eighth = layers_ / 8;
    const bool more = layer < eighth || layer >= 7 * layers_ / 8 || (layer - eighth) % 3 == 2;
    return more ? TensorPart::kSensitiveWeight : TensorPart::kWeight;
  }

  void add_layer(int layer) {
    block_ = "blk." + std::to_string(layer) + ".";
    norm("attn_norm", g_.hidden);
    norm("ffn_norm", g_.hidden);
    if (g_.rank > 0)
      add_latent_attention();
    else
      add_attention(layer);
    if (layer < dense_)
      add_dense(layer);
    else
      add_mixture(layer);
  }

  void add_attention(int layer) {
    weight("attn_q", {g_.heads * g_.head_dim, g_.hidden});
    weight("attn_k", {g_.kv_heads * g_.head_dim, g_.hidden});
    add(block_ + "attn_v.weight", {g_.kv_heads * g_.head_dim, g_.hidden}, sensitive(layer));
    weight("attn_output", {g_.hidden, g_.heads * g_.head_dim});
    norm("attn_q_norm", g_.head_dim);
    norm("attn_k_norm", g_.head_dim);
  }

  void add_latent_attention() {
    const int64_t query = g_.heads * (g_.nope + g_.rope);
    if (g_.query_rank > 0) {
      weight("attn_q_a", {g_.query_rank, g_.hidden});
      norm("attn_q_a_norm", g_.query_rank);
      weight("attn_q_b", {query, g_.query_rank});
    } else {
      weight("attn_q", {query, g_.hidden});
    }
    weight("attn_kv_a_mqa", {g_.rank + g_.rope, g_.hidden});
    norm("attn_kv_a_norm", g_.rank);
    add(block_ + "attn_k_b.weight", {g_.heads, g_.rank, g_.nope}, TensorPart::kLatentHead);
    add(block_ + "attn_v_b.weight", {g_.heads, g_.value, g_.rank}, TensorPart::kLatentHead);
    weight("attn_output", {g_.hidden, g_.heads * g_.value});
  }

  void add_dense(int layer) {
    weight("ffn_gate", {g_.inner, g_.hidden});
    weight("ffn_up", {g_.inner, g_.hidden});
    add(block_ + "ffn_down.weight", {g_.hidden, g_.inner}, sensitive(layer));
  }

  void add_mixture(int layer) {
    const double active = static_cast<double>(g_.used) / static_cast<double>(experts_);
    add(block_ + "ffn_gate_inp.weight", {experts_, g_.hidden}, TensorPart::kRouter);
    if (g_.sigmoid_routing) add(block_ + "exp_probs_b.bias", {experts_}, TensorPart::kRouterBias);
    add(block_ + "ffn_gate_exps.weight", {experts_, g_.expert_inner, g_.hidden}, TensorPart::kWeight, active);
    add(block_ + "ffn_up_exps.weight", {experts_, g_.expert_inner, g_.hidden}, TensorPart::kWeight, active);
    add(block_ + "ffn_down_exps.weight", {experts_, g_.hidden, g_.expert_inner}, sensitive(layer), active);
    if (g_.shared == 0) return;
    weight("ffn_gate_shexp", {g_.shared * g_.expert_inner, g_.hidden});
    weight("ffn_up_shexp", {g_.shared * g_.expert_inner, g_.hidden});
    add(block_ + "ffn_down_shexp.weight", {g_.hidden, g_.shared * g_.expert_inner}, sensitive(layer));
  }

  const Geometry& g_;
  int layers_, dense_ = 0;
  int64_t experts_, vocabulary_;
  std::string block_;
  SynthModel out_;
};

}  // namespace

const std::vector<Geometry>& geometries() {
  // clang-format off
  static const std::vector<Geometry> kGeometries = {
      {"qwen3-30b-a3b",    "qwen3moe",  48, 0, 2048, 6144,  32,  4,   128, 128, 8, 768,  0, 0,    0,   0,  0,   0,   false, 151936, 40960,  1e6},
      {"deepseek-v2-lite", "deepseek2", 27, 1, 2048, 10944, 16,  16,  0,   64,  6, 1408, 2, 0,    512, 64, 128, 128, false, 102400, 163840, 1e4},
      {"deepseek-v3",      "deepseek2", 61, 3, 7168, 18432, 128, 128, 0,   256, 8, 2048, 1, 1536, 512, 64, 128, 128, true,  129280, 163840, 1e4},
  };
  // clang-format on
  return kGeometries;
}

SynthModel describe(const Geometry& geometry, const GeometryCut& cut) { return Describer(geometry, cut).run(); }

}  // namespace kt::synth
