// Mixtral: Mistral's attention and a mixture of experts in every layer.
#include "names.h"

namespace {

using kt::Value;

class Mixtral {
 public:
  static constexpr const char* kArchitectures[] = {"MixtralForCausalLM", "llama"};

  // In GGUF a mixture is a "llama" with experts.
  static bool matches(kt::Config c) { return !c.is_gguf() || c.count_or({nullptr, "expert_count"}, 0, kt::kMaxExperts) > 0; }

  explicit Mixtral(kt::Config& c) : decoder_(kt::read_decoder(c)), attention_(kt::read_attention(c, decoder_)) {
    inner_ = c.count({"intermediate_size", "feed_forward_length"}, kt::kMaxDim);
    routing_ = kt::read_routing(c, {"num_local_experts", "expert_count"}, {"num_experts_per_tok", "expert_used_count"});
    routing_.normalize = true;
    attention_.window = c.count_or({"sliding_window", "attention.sliding_window"}, 0, int64_t{1} << 40);
    const int64_t dim = kt::read_rope_dim(c, attention_.head_dim);
    kt::RopeScaling scaling = kt::read_rope(c, static_cast<double>(decoder_.max_context));
    if (c.is_gguf()) scaling.divisors = kt::read_rope_divisors(c, dim);
    attention_.rope = kt::rope_frequencies(scaling, dim);
    attention_.rope_interleaved = c.is_gguf();  // as in Llama's GGUF files
  }

  void build(kt::GraphBuilder& g) const {
    kt::decoder(g, decoder_, [&](int64_t layer, Value x, Value positions) {
      return kt::decoder_layer(
          g, decoder_, layer, x, positions, [&](Value y) { return kt::self_attention(g, attention_, layer, y, positions); },
          [&](Value y) { return mixture(g, y); });
    });
  }

  kt::NameTable names() const { return mixtral::name_table(decoder_.tied); }

 private:
  Value mixture(kt::GraphBuilder& g, Value x) const {
    return g.module({.name = "block_sparse_moe", .class_name = "MoeBlock", .inputs = {x}},
                    [&] { return kt::moe_experts(g, x, kt::moe_gate(g, routing_, x), routing_.experts, inner_); });
  }

  kt::DecoderShape decoder_;
  kt::AttentionShape attention_;
  kt::RoutingShape routing_;
  int64_t inner_ = 0;
};

}  // namespace

KT_MODEL("mixtral", "0.1.0", "Mixtral mixtures of experts", Mixtral)
