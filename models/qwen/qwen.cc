// Qwen2 and Qwen3, dense and as mixtures of experts.
#include "config.h"
#include "names.h"

namespace qwen {
namespace {

using kt::Value;

class Qwen {
 public:
  static constexpr const char* kArchitectures[] = {
      "Qwen2ForCausalLM", "Qwen2MoeForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "qwen2", "qwen2moe", "qwen3",
      "qwen3moe"};

  explicit Qwen(kt::Config& c) : config_(read_config(c)) {}

  void build(kt::GraphBuilder& g) const {
    kt::decoder(g, config_.decoder, [&](int64_t layer, Value x, Value positions) {
      const auto index = static_cast<size_t>(layer);
      kt::AttentionShape attention = config_.attention;
      attention.window = config_.windows[index];
      return kt::decoder_layer(
          g, config_.decoder, layer, x, positions, [&](Value y) { return kt::self_attention(g, attention, layer, y, positions); },
          [&](Value y) { return config_.sparse[index] ? mixture(g, y) : kt::mlp(g, "mlp", y, config_.inner); });
    });
  }

  kt::NameTable names() const { return name_table(config_.decoder.tied); }

 private:
  Value mixture(kt::GraphBuilder& g, Value x) const {
    return g.module({.name = "mlp", .class_name = "MoeBlock", .inputs = {x}}, [&] {
      const Value routed =
          kt::moe_experts(g, x, kt::moe_gate(g, config_.routing, x), config_.routing.experts, config_.expert_inner);
      if (config_.shared_inner == 0) return routed;
      const Value shared = kt::mlp(g, "shared_expert", x, config_.shared_inner);
      const Value share = g.unary("shared_expert_sigmoid", "Sigmoid", g.linear("shared_expert_gate", x, 1));  // [T, 1]
      return g.binary("add", "Add", routed, g.binary("shared_expert_scaled", "Mul", shared, share));
    });
  }

  QwenConfig config_;
};

}  // namespace
}  // namespace qwen

KT_MODEL("qwen", "0.1.0", "Qwen2 and Qwen3, dense and as mixtures of experts", qwen::Qwen)
