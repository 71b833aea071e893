// DeepSeek V2, V2-Lite, V3, R1, and Kimi-K2: multi-head latent attention and mixtures with shared experts.
#include "config.h"
#include "names.h"

namespace deepseek {
namespace {

using kt::Value;

// [T, heads, nope + rope]
Value queries(kt::GraphBuilder& g, const LatentShape& a, double eps, Value x) {
  const int64_t out = a.heads * (a.nope + a.rope);
  if (a.query_rank == 0) return g.split_heads("q_heads", g.linear("q_proj", x, out), a.heads);
  const Value low = g.rms_norm("q_a_layernorm", g.linear("q_a_proj", x, a.query_rank, a.bias), eps);
  return g.split_heads("q_heads", g.linear("q_b_proj", low, out), a.heads);
}

// Attention in the latent space: queries go there by w_uk, and what they gather comes back by w_uv.
Value latent_core(kt::GraphBuilder& g, const LatentShape& a, int64_t layer, Value q_nope, Value q_rope, Value latent,
                  Value k_rope) {
  const kt::State cache = g.paged_state("model.layers." + std::to_string(layer) + ".self_attn", 1, a.rank + a.rope, 0);
  const kt::NodeSpec spec{.name = "mla",
                          .class_name = "MlaCore",
                          .inputs = {q_nope, q_rope, latent, k_rope},
                          .attributes = {{"scale", a.scale}},
                          .state = cache};
  return g.module(spec, [&] {
    const Value absorbed = g.head_linear("w_uk", q_nope, a.heads, a.rank, true);                   // [T, heads, rank]
    const Value query = g.binary("query", "Concat", absorbed, q_rope);                             // [T, heads, rank + rope]
    const Value key = g.binary("key", "Concat", g.split_heads("latent_head", latent, 1), k_rope);  // [T, 1, rank + rope]
    const Value mixed = g.node({.name = "attn",
                                .class_name = "Attention",
                                .inputs = {query, key},
                                .attributes = {{"scale", a.scale}, {"window", int64_t{0}}, {"value_dim", a.rank}},
                                .state = cache});                                          // [T, heads, rank]
    return g.merge_heads("heads", g.head_linear("w_uv", mixed, a.heads, a.value, false));  // [T, heads * value]
  });
}

Value latent_attention(kt::GraphBuilder& g, const LatentShape& a, double eps, int64_t layer, Value x, Value positions) {
  const int64_t dim = g.width(x);
  return g.module({.name = "self_attn", .class_name = "MlaAttention", .inputs = {x, positions}}, [&] {
    const Value q = queries(g, a, eps, x);
    const Value q_nope = g.slice("q_nope", q, 0, a.nope);
    const Value q_rope =
        kt::rope(g, "rotary_emb.q", g.slice("q_pe", q, a.nope, a.nope + a.rope), positions, a.frequencies, a.interleaved);
    const Value compressed = g.linear("kv_a_proj_with_mqa", x, a.rank + a.rope, a.bias);
    const Value latent = g.rms_norm("kv_a_layernorm", g.slice("compressed_kv", compressed, 0, a.rank), eps);  // [T, rank]
    const Value k_pe = g.split_heads("k_pe_head", g.slice("k_pe", compressed, a.rank, a.rank + a.rope), 1);   // [T, 1, rope]
    const Value k_rope = kt::rope(g, "rotary_emb.k", k_pe, positions, a.frequencies, a.interleaved);
    return g.linear("o_proj", latent_core(g, a, layer, q_nope, q_rope, latent, k_rope), dim, a.bias);
  });
}

class Deepseek {
 public:
  static constexpr const char* kArchitectures[] = {"DeepseekV2ForCausalLM", "DeepseekV3ForCausalLM", "deepseek2"};

  explicit Deepseek(kt::Config& c) : config_(read_config(c)) {}

  void build(kt::GraphBuilder& g) const {
    kt::decoder(g, config_.decoder, [&](int64_t layer, Value x, Value positions) {
      return kt::decoder_layer(
          g, config_.decoder, layer, x, positions,
          [&](Value y) { return latent_attention(g, config_.attention, config_.decoder.eps, layer, y, positions); },
          [&](Value y) { return config_.sparse(layer) ? mixture(g, y) : kt::mlp(g, "mlp", y, config_.inner); });
    });
  }

  kt::NameTable names() const { return name_table(config_.decoder.tied, config_.attention.nope, config_.attention.value); }

 private:
  Value mixture(kt::GraphBuilder& g, Value x) const {
    return g.module({.name = "mlp", .class_name = "MoeBlock", .inputs = {x}}, [&] {
      const Value routed =
          kt::moe_experts(g, x, kt::moe_gate(g, config_.routing, x), config_.routing.experts, config_.expert_inner);
      if (config_.shared_inner == 0) return routed;
      return g.binary("add", "Add", routed, kt::mlp(g, "shared_experts", x, config_.shared_inner));
    });
  }

  DeepseekConfig config_;
};

}  // namespace
}  // namespace deepseek

KT_MODEL("deepseek", "0.1.0", "DeepSeek V2, V3, R1 and Kimi-K2", deepseek::Deepseek)
