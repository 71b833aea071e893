// Llama 2 and 3, Mistral: grouped-query attention and a gated feed-forward network.
#include "names.h"

namespace {

using kt::Value;

class Llama {
 public:
  static constexpr const char* kArchitectures[] = {"LlamaForCausalLM", "MistralForCausalLM", "llama"};

  // GGUF files of mixtures bear the same architecture.
  static bool matches(kt::Config c) { return !c.is_gguf() || c.count_or({nullptr, "expert_count"}, 0, kt::kMaxExperts) == 0; }

  explicit Llama(kt::Config& c) : decoder_(kt::read_decoder(c)), attention_(kt::read_attention(c, decoder_)) {
    inner_ = c.count({"intermediate_size", "feed_forward_length"}, kt::kMaxDim);
    attention_.window = c.count_or({"sliding_window", "attention.sliding_window"}, 0, int64_t{1} << 40);
    const kt::Key used{nullptr, "expert_used_count"}, experts{nullptr, "expert_count"};
    if (c.count_or(experts, 0, kt::kMaxExperts) == 0 && c.count_or(used, 0, kt::kMaxExperts) > 0)
      c.fail(used, "chooses experts, of which there are none (expert_count)");
    read_biases(c);
    read_rope(c);
  }

  void build(kt::GraphBuilder& g) const {
    kt::decoder(g, decoder_, [&](int64_t layer, Value x, Value positions) {
      return kt::decoder_layer(
          g, decoder_, layer, x, positions, [&](Value y) { return kt::self_attention(g, attention_, layer, y, positions); },
          [&](Value y) { return kt::mlp(g, "mlp", y, inner_, mlp_bias_); });
    });
  }

  kt::NameTable names() const { return llama::name_table(decoder_.tied); }

 private:
  void read_biases(kt::Config& c) {
    if (c.is_gguf()) {
      attention_.qkv_bias = c.has_tensor("blk.0.attn_q.bias");
      attention_.out_bias = c.has_tensor("blk.0.attn_output.bias");
      mlp_bias_ = c.has_tensor("blk.0.ffn_gate.bias");
    } else {
      attention_.qkv_bias = attention_.out_bias = c.flag_or({"attention_bias"}, false);
      mlp_bias_ = c.flag_or({"mlp_bias"}, false);
    }
  }

  // GGUF stores queries and keys with the two halves of a head interleaved, and llama3 scaling as divisors.
  void read_rope(kt::Config& c) {
    const int64_t dim = kt::read_rope_dim(c, attention_.head_dim);
    kt::RopeScaling scaling = kt::read_rope(c, static_cast<double>(decoder_.max_context));
    if (c.is_gguf()) scaling.divisors = kt::read_rope_divisors(c, dim);
    attention_.rope = kt::rope_frequencies(scaling, dim);
    attention_.rope_interleaved = c.is_gguf();
  }

  kt::DecoderShape decoder_;
  kt::AttentionShape attention_;
  int64_t inner_ = 0;
  bool mlp_bias_ = false;
};

}  // namespace

KT_MODEL("llama", "0.1.0", "Llama 2 and 3, Mistral", Llama)
