#include <cmath>

#include "core/graph/attributes.h"
#include "core/io/gguf.h"
#include "model_fixture.h"

namespace kt::core::test {
namespace {

GgufValue count(uint64_t value) { return {GgufType::kU32, value}; }
GgufValue number(double value) { return {GgufType::kF32, value}; }
GgufValue text(const char* value) { return {GgufType::kString, std::string(value)}; }

using Entries = std::map<std::string, GgufValue>;

// The metadata of a small decoder, with an architecture's own keys beside them.
GgufMetadata metadata(const std::string& architecture, const Entries& own) {
  Entries entries{{"block_count", count(2)},
                  {"embedding_length", count(64)},
                  {"vocab_size", count(100)},
                  {"feed_forward_length", count(96)},
                  {"attention.head_count", count(4)},
                  {"attention.head_count_kv", count(2)},
                  {"attention.layer_norm_rms_epsilon", number(1e-5)}};
  for (const auto& [key, value] : own) entries.insert_or_assign(key, value);
  GgufMetadata out{{"general.architecture", text(architecture.c_str())}};
  for (const auto& [key, value] : entries) out.emplace(architecture + "." + key, value);
  return out;
}

Result<BuiltModel> build(const std::string& architecture, const Entries& own) {
  return build_model(model_registry(), KT_TRY(ModelConfig::from_gguf(metadata(architecture, own), "model.gguf")), nullptr);
}

const Entries kExperts{{"expert_count", count(8)}, {"expert_used_count", count(2)}, {"expert_feed_forward_length", count(32)}};

Entries with_experts(Entries own) {
  own.insert(kExperts.begin(), kExperts.end());
  return own;
}

TEST(GgufConfig, LlamaWithExpertsIsAMixtral) {
  const auto built = build("llama", with_experts({}));
  ASSERT_TRUE(built.ok()) << built.error().text();
  EXPECT_EQ(built->family, "mixtral");
  EXPECT_NE(built->graph->find("model.layers.1.block_sparse_moe.experts"), nullptr);
  EXPECT_EQ(int_attribute(*built->graph->find("model.layers.0.self_attn.rotary_emb.k"), "interleaved"), 1);
}

TEST(GgufConfig, LlamaWithoutExpertsIsALlama) {
  const auto built = build("llama", {{"expert_count", count(0)}});
  ASSERT_TRUE(built.ok()) << built.error().text();
  EXPECT_EQ(built->family, "llama");
}

TEST(GgufConfig, QwenTellsItsGenerationsByArchitecture) {
  const auto shared = build("qwen2moe", with_experts({{"expert_shared_feed_forward_length", count(48)}}));
  ASSERT_TRUE(shared.ok()) << shared.error().text();
  EXPECT_NE(shared->graph->find("model.layers.0.mlp.shared_expert_gate"), nullptr);
  EXPECT_EQ(shared->graph->find("model.layers.0.mlp.gate.normalize"), nullptr);
  const auto normed = build("qwen3moe", with_experts({{"attention.key_length", count(32)}}));
  ASSERT_TRUE(normed.ok()) << normed.error().text();
  EXPECT_NE(normed->graph->find("model.layers.0.self_attn.q_norm"), nullptr);
  EXPECT_NE(normed->graph->find("model.layers.0.mlp.gate.normalize"), nullptr);
}

const Entries kLatent{
    {"attention.kv_lora_rank", count(32)}, {"rope.dimension_count", count(8)}, {"leading_dense_block_count", count(1)}};

TEST(GgufConfig, LatentHeadsAreReadFromKeysOfBothAges) {
  Entries newer = with_experts(kLatent), older = newer;
  newer.insert({{"attention.key_length", count(40)},
                {"attention.value_length", count(32)},
                {"attention.key_length_mla", count(24)},
                {"attention.value_length_mla", count(16)}});
  older.insert({{"attention.key_length", count(24)}, {"attention.value_length", count(16)}});
  for (const Entries& own : {newer, older}) {
    const auto built = build("deepseek2", own);
    ASSERT_TRUE(built.ok()) << built.error().text();
    const Node* key = built->graph->find("model.layers.0.self_attn.mla.w_uk");
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(key->own_weights[0].shape, (std::vector<int64_t>{4, 16, 32}));
    EXPECT_EQ(built->graph->find("model.layers.0.self_attn.mla.w_uv")->own_weights[0].shape, (std::vector<int64_t>{4, 16, 32}));
  }
}

TEST(GgufConfig, YarnsTemperatureComesFromTheLogMultiplier) {
  Entries own = with_experts(kLatent);
  own.insert({{"attention.key_length", count(24)},
              {"attention.value_length", count(16)},
              {"rope.scaling.type", text("yarn")},
              {"rope.scaling.factor", number(4)},
              {"rope.scaling.original_context_length", count(64)},
              {"rope.scaling.yarn_log_multiplier", number(0.1)}});
  const auto built = build("deepseek2", own);
  ASSERT_TRUE(built.ok()) << built.error().text();
  const double temperature = 0.1 * std::log(4.0) + 1;
  EXPECT_NEAR(*float_attribute(*built->graph->find("model.layers.0.self_attn.mla"), "scale"),
              temperature * temperature / std::sqrt(24.0), 1e-12);
  EXPECT_EQ(float_attribute(*built->graph->find("model.layers.0.self_attn.rotary_emb.q"), "scale"), 1.0);
}

TEST(GgufConfig, LayersThatPredictFurtherTokensAreLeftOut) {
  Entries own = with_experts(kLatent);
  own.insert({{"attention.key_length", count(24)}, {"attention.value_length", count(16)}, {"nextn_predict_layers", count(1)}});
  const auto built = build("deepseek2", own);
  ASSERT_TRUE(built.ok()) << built.error().text();
  EXPECT_EQ(built->graph->states.size(), 1u);
}

TEST(GgufConfig, ErrorsNameTheWholeKey) {
  const auto built = build("llama", {{"attention.head_count_kv", count(3)}});
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, 406);
  EXPECT_NE(built.error().message.find("GGUF metadata: key 'llama.attention.head_count_kv' is 3"), std::string::npos)
      << built.error().message;
}

}  // namespace
}  // namespace kt::core::test
