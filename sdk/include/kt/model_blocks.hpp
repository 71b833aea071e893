// The parts that decoders share: layers, grouped-query attention, gated feed-forward networks, mixtures of experts.
#ifndef KT_MODEL_BLOCKS_HPP
#define KT_MODEL_BLOCKS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "kt/model_config.hpp"
#include "kt/model_graph.hpp"
#include "kt/rope.hpp"

namespace kt {

// Limits beyond which a size can only be a damaged file.
inline constexpr int64_t kMaxLayers = 1024, kMaxHeads = 8192, kMaxExperts = 16384, kMaxDim = int64_t{1} << 24,
                         kMaxVocabulary = int64_t{1} << 26;

// The frame of a decoder.
struct DecoderShape {
  int64_t layers = 0, dim = 0, vocabulary = 0, max_context = 0;
  double eps = 0;
  bool tied = false;  // lm_head uses the embedding's weight
};

inline DecoderShape read_decoder(Config& c) {
  DecoderShape out;
  out.layers = c.count({"num_hidden_layers", "block_count"}, kMaxLayers);
  out.dim = c.count({"hidden_size", "embedding_length"}, kMaxDim);
  const Key vocabulary{"vocab_size", "vocab_size"}, tokens{nullptr, "tokenizer.ggml.tokens"};
  out.vocabulary =
      c.has(vocabulary) || c.size_of(tokens) == 0 ? c.count(vocabulary, kMaxVocabulary) : static_cast<int64_t>(c.size_of(tokens));
  const Key context{"max_position_embeddings", "context_length"}, eps{"rms_norm_eps", "attention.layer_norm_rms_epsilon"};
  out.max_context = c.has(context) ? c.count(context, int64_t{1} << 40) : 2048;
  out.eps = c.number(eps);
  if (out.eps < 0) c.fail(eps, "is negative; it is added to a mean of squares");
  out.tied = c.is_gguf() ? c.has_tensor("token_embd.weight") && !c.has_tensor("output.weight")
                         : c.flag_or({"tie_word_embeddings"}, false);
  const Key activation{"hidden_act"};
  if (c.text_or(activation, "silu") != "silu") c.fail(activation, "is '" + c.text_or(activation, "") + "', needs 'silu'");
  if (c.has({"quantization_config.quant_method"}) && c.has_tensor("model.embed_tokens.weight"))
    c.fail({"quantization_config.quant_method"},
           "is '" + c.text_or({"quantization_config.quant_method"}, "") +
               "': weights packed this way cannot be read; use a BF16 folder or a GGUF file");
  return out;
}

// Attention with `heads` queries over `kv_heads` keys and values.
struct AttentionShape {
  int64_t heads = 0, kv_heads = 0, head_dim = 0;
  int64_t window = 0;  // 0: unlimited
  double eps = 0;
  bool qkv_bias = false, out_bias = false;
  bool qk_norm = false;  // RMSNorm on each head of queries and keys
  RopeFrequencies rope = {};
  bool rope_interleaved = false;
};

// Heads and their size, checked against each other.
inline AttentionShape read_attention(Config& c, const DecoderShape& decoder) {
  AttentionShape out;
  const Key heads{"num_attention_heads", "attention.head_count"}, kv_heads{"num_key_value_heads", "attention.head_count_kv"};
  const Key head_dim{"head_dim", "attention.key_length"};
  out.eps = decoder.eps;
  out.heads = c.count(heads, kMaxHeads);
  out.kv_heads = c.has(kv_heads) ? c.count(kv_heads, kMaxHeads) : out.heads;
  out.head_dim = c.has(head_dim) ? c.count(head_dim, kMaxDim) : decoder.dim / out.heads;
  if (out.heads % out.kv_heads != 0)
    c.fail(kv_heads, "is " + std::to_string(out.kv_heads) + ", which does not divide the " + std::to_string(out.heads) +
                         " attention heads");
  if (!c.has(head_dim) && decoder.dim % out.heads != 0)
    c.fail(heads, "is " + std::to_string(out.heads) + ", which does not divide the hidden size " + std::to_string(decoder.dim));
  return out;
}

// Rotated dimensions of a head.
inline int64_t read_rope_dim(Config& c, int64_t head_dim) {
  const Key key{"partial_rotary_factor", "rope.dimension_count"};
  int64_t dim = head_dim;
  if (c.is_gguf())
    dim = c.count_or(key, head_dim, kMaxDim);
  else
    dim = static_cast<int64_t>(std::clamp(c.number_or(key, 1.0), 0.0, 1.0) * static_cast<double>(head_dim));
  if (dim >= 2 && dim % 2 == 0 && dim <= head_dim) return dim;
  c.fail(key, "leaves " + std::to_string(dim) + " rotated dimensions of a head's " + std::to_string(head_dim) +
                  "; an even number of at least 2 is needed");
  return 2;
}

// x [T, heads, dim] turned by its positions.
inline Value rope(GraphBuilder& g, const std::string& name, Value x, Value positions, const RopeFrequencies& frequencies,
                  bool interleaved) {
  return g.node(
      {.name = name,
       .class_name = "Rope",
       .inputs = {x, positions},
       .attributes = {{"inv_freq", frequencies.inv_freq}, {"interleaved", int64_t{interleaved}}, {"scale", frequencies.scale}}});
}

// silu(gate) * up
inline Value swiglu(GraphBuilder& g, Value gate, Value up) {
  return g.module({.name = "act_fn", .class_name = "SwiGlu", .inputs = {gate, up}},
                  [&] { return g.binary("mul", "Mul", g.unary("silu", "Silu", gate), up); });
}

inline Value mlp(GraphBuilder& g, const std::string& name, Value x, int64_t inner, bool bias = false) {
  const int64_t dim = g.width(x);
  return g.module({.name = name, .class_name = "Mlp", .inputs = {x}, .attributes = {{"activation", "silu"}}}, [&] {
    const Value gate = g.linear("gate_proj", x, inner, bias);
    const Value up = g.linear("up_proj", x, inner, bias);
    return g.linear("down_proj", swiglu(g, gate, up), dim, bias);
  });
}

// `layer` gives the state its name.
inline Value self_attention(GraphBuilder& g, const AttentionShape& a, int64_t layer, Value x, Value positions) {
  const int64_t dim = g.width(x);
  return g.module({.name = "self_attn", .class_name = "SelfAttention", .inputs = {x, positions}}, [&] {
    Value q = g.split_heads("q_heads", g.linear("q_proj", x, a.heads * a.head_dim, a.qkv_bias), a.heads);
    Value k = g.split_heads("k_heads", g.linear("k_proj", x, a.kv_heads * a.head_dim, a.qkv_bias), a.kv_heads);
    const Value v = g.split_heads("v_heads", g.linear("v_proj", x, a.kv_heads * a.head_dim, a.qkv_bias), a.kv_heads);
    if (a.qk_norm) {
      q = g.rms_norm("q_norm", q, a.eps);
      k = g.rms_norm("k_norm", k, a.eps);
    }
    q = rope(g, "rotary_emb.q", q, positions, a.rope, a.rope_interleaved);
    k = rope(g, "rotary_emb.k", k, positions, a.rope, a.rope_interleaved);
    const State cache =
        g.paged_state("model.layers." + std::to_string(layer) + ".self_attn", a.kv_heads, a.head_dim, a.head_dim, a.window);
    const Value out = g.node({.name = "attn",
                              .class_name = "Attention",
                              .inputs = {q, k, v},
                              .attributes = {{"scale", 1.0 / std::sqrt(static_cast<double>(a.head_dim))}, {"window", a.window}},
                              .state = cache});  // [T, heads, head_dim]
    return g.linear("o_proj", g.merge_heads("heads", out), dim, a.out_bias);
  });
}

// How a token's experts are chosen and weighted.
struct RoutingShape {
  int64_t experts = 0, used = 0;
  const char* scoring = "softmax";  // or "sigmoid"
  bool bias = false;                // a learned correction that counts for the choice, not for the weights
  int64_t groups = 1, groups_used = 1;
  bool normalize = false;  // weights of the chosen sum to 1
  double factor = 1.0;     // on the weights
};

struct Routing {
  Value ids, weights;  // i32 [T, used], [T, used]
};

inline Routing moe_gate(GraphBuilder& g, const RoutingShape& r, Value x) {
  const bool sigmoid = std::string_view(r.scoring) == "sigmoid";
  const char* group_score = r.bias ? "top2" : "max";
  const NodeSpec spec{.name = "gate",
                      .class_name = "MoeGate",
                      .inputs = {x},
                      .attributes = {{"scoring", r.scoring},
                                     {"k", r.used},
                                     {"groups", r.groups},
                                     {"groups_used", r.groups_used},
                                     {"group_score", group_score},
                                     {"normalize", int64_t{r.normalize}},
                                     {"factor", r.factor}}};
  const auto out = g.module(spec, [&] {
    const Value scores = g.unary("scores", sigmoid ? "Sigmoid" : "Softmax", g.linear("linear", x, r.experts));  // [T, experts]
    Value choice = scores;
    if (r.bias)
      choice = g.node({.name = "bias", .class_name = "AddBias", .inputs = {choice}, .weights = {{"bias", {r.experts}}}});
    if (r.groups > 1)
      choice = g.node({.name = "groups",
                       .class_name = "GroupMask",
                       .inputs = {choice},
                       .attributes = {{"groups", r.groups}, {"used", r.groups_used}, {"score", group_score}}});
    auto [ids, weights] = g.nodes<2>({.name = "top_k", .class_name = "TopK", .inputs = {choice}, .attributes = {{"k", r.used}}});
    if (r.bias) weights = g.binary("weights", "TakeAlong", scores, ids);
    if (r.normalize)
      weights = g.node({.name = "normalize", .class_name = "NormalizeSum", .inputs = {weights}, .attributes = {{"eps", 1e-20}}});
    if (r.factor != 1.0)
      weights = g.node({.name = "scale", .class_name = "Scale", .inputs = {weights}, .attributes = {{"factor", r.factor}}});
    return std::array<Value, 2>{ids, weights};
  });
  return {out[0], out[1]};
}

// Reads the sizes that every mixture has; `experts` and `used` name the fields.
inline RoutingShape read_routing(Config& c, Key experts, Key used) {
  RoutingShape out;
  out.experts = c.count(experts, kMaxExperts);
  out.used = c.count(used, kMaxExperts);
  if (out.used > out.experts)
    c.fail(used, "is " + std::to_string(out.used) + ", more than the " + std::to_string(out.experts) + " experts there are");
  return out;
}

inline Value moe_experts(GraphBuilder& g, Value x, Routing routing, int64_t experts, int64_t inner) {
  const int64_t dim = g.width(x);
  const NodeSpec spec{.name = "experts",
                      .class_name = "MoeExperts",
                      .inputs = {x, routing.ids, routing.weights},
                      .attributes = {{"activation", "silu"}}};
  return g.module(spec, [&] {
    const Value gate = g.expert_linear("gate_proj", x, routing.ids, experts, inner);
    const Value up = g.expert_linear("up_proj", x, routing.ids, experts, inner);
    const Value down = g.expert_linear("down_proj", swiglu(g, gate, up), routing.ids, experts, dim);  // [T, used, dim]
    return g.binary("sum", "WeightedSum", down, routing.weights);
  });
}

// One layer: attention(x) and then feed_forward(x), each on the normed x and added to it.
template <class AttentionPart, class FeedForward>
Value decoder_layer(GraphBuilder& g, const DecoderShape& d, int64_t layer, Value x, Value positions, AttentionPart&& attention,
                    FeedForward&& feed_forward) {
  return g.module({.name = "layers." + std::to_string(layer), .class_name = "DecoderLayer", .inputs = {x, positions}}, [&] {
    const Value mixed = attention(g.rms_norm("input_layernorm", x, d.eps));
    const Value middle = g.binary("attn_residual", "Add", x, mixed);
    const Value out = feed_forward(g.rms_norm("post_attention_layernorm", middle, d.eps));
    return g.binary("mlp_residual", "Add", middle, out);
  });
}

// The whole decoder; layer(index, x, positions) builds one layer. Logits are computed for the asked rows only.
template <class Layer>
void decoder(GraphBuilder& g, const DecoderShape& d, Layer&& layer) {
  const Value tokens = g.input("tokens"), positions = g.input("positions"), rows = g.input("output_rows");
  const Value hidden = g.module({.name = "model", .class_name = "Model", .inputs = {tokens, positions, rows}}, [&] {
    Value x = g.embedding("embed_tokens", tokens, d.vocabulary, d.dim);  // [T, dim]
    for (int64_t i = 0; i < d.layers && g.status() == KT_OK; ++i) x = layer(i, x, positions);
    return g.rms_norm("norm", g.binary("output_rows", "GatherRows", x, rows), d.eps);  // [O, dim]
  });
  g.output("logits", g.linear("lm_head", hidden, d.vocabulary));
}

}  // namespace kt

#endif
