#include "model_fixture.h"

namespace kt::core::test {
namespace {

// One field of a golden configuration is spoiled; the sentence must name what is wrong.
struct Spoiled {
  const char* test;
  const char* model;
  const char* pointer;  // JSON pointer of the field
  const char* value;    // JSON text, or nullptr: the field is removed
  std::vector<const char*> sentence;
};

void PrintTo(const Spoiled& spoiled, std::ostream* out) { *out << spoiled.test; }

class SpoiledConfig : public testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledConfig, IsRefusedWithASentenceThatNamesTheField) {
  const Spoiled& spoiled = GetParam();
  Json config = golden_config(spoiled.model);
  const Json::json_pointer field(spoiled.pointer);
  if (spoiled.value)
    config[field] = Json::parse(spoiled.value);
  else
    config[field.parent_pointer()].erase(field.back());
  const auto built = build_from(config);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, 406);
  for (const char* part : spoiled.sentence)
    EXPECT_NE(built.error().message.find(part), std::string::npos) << "'" << part << "' is not in: " << built.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, SpoiledConfig,
    testing::Values(
        Spoiled{"MissingHiddenSize", "llama", "/hidden_size", nullptr, {"config.json", "'hidden_size'", "missing"}},
        Spoiled{"HiddenSizeIsText", "llama", "/hidden_size", "\"64\"", {"'hidden_size'", "the text \"64\"", "integer"}},
        Spoiled{"HiddenSizeIsAFraction", "qwen2", "/hidden_size", "64.5", {"'hidden_size'", "64.5"}},
        Spoiled{"HiddenSizeIsNegative", "qwen2", "/hidden_size", "-64", {"'hidden_size'", "-64"}},
        Spoiled{"HiddenSizeIsAbsurd", "qwen2", "/hidden_size", "9000000000000000000", {"'hidden_size'"}},
        Spoiled{"NoHeads", "mixtral", "/num_attention_heads", "0", {"'num_attention_heads'", "is 0"}},
        Spoiled{"NoLayers", "deepseek_v3", "/num_hidden_layers", "0", {"'num_hidden_layers'", "is 0"}},
        Spoiled{
            "KeyHeadsDoNotDivide", "llama", "/num_key_value_heads", "3", {"'num_key_value_heads'", "3", "does not divide", "4"}},
        Spoiled{"HeadsDoNotDivideHiddenSize", "mixtral", "/hidden_size", "66", {"'num_attention_heads'", "66"}},
        Spoiled{"OddRotation", "llama", "/head_dim", "15", {"15", "even"}},
        Spoiled{"UnknownRopeType",
                "llama",
                "/rope_scaling/rope_type",
                "\"spiral\"",
                {"'rope_scaling.rope_type'", "'spiral'", "llama3"}},
        Spoiled{"RopeWithoutFactor", "llama", "/rope_scaling/factor", nullptr, {"'rope_scaling.factor'", "missing"}},
        Spoiled{"RopeFactorIsZero", "deepseek_v3", "/rope_scaling/factor", "0", {"'rope_scaling.factor'", "above 0"}},
        Spoiled{"MoreUsedThanExperts", "mixtral", "/num_experts_per_tok", "9", {"'num_experts_per_tok'", "9", "8"}},
        Spoiled{"GroupsDoNotDivide", "deepseek_v3", "/n_group", "3", {"'n_group'", "3", "does not divide", "8"}},
        Spoiled{"MoreGroupsUsedThanThereAre", "deepseek_v3", "/topk_group", "5", {"'topk_group'", "5", "4"}},
        Spoiled{"GroupsHoldTooFew", "deepseek_v3", "/num_experts_per_tok", "5", {"'num_experts_per_tok'", "5"}},
        Spoiled{"UnknownTopKMethod", "deepseek_v2", "/topk_method", "\"dice\"", {"'topk_method'", "'dice'", "noaux_tc"}},
        Spoiled{"UnknownScoring", "deepseek_v3", "/scoring_func", "\"cosine\"", {"'scoring_func'", "'cosine'"}},
        Spoiled{"MissingLatentRank", "deepseek_v2", "/kv_lora_rank", nullptr, {"'kv_lora_rank'", "missing"}},
        Spoiled{"WrongNumberOfLayerTypes", "qwen2_swa", "/layer_types", "[\"full_attention\"]", {"'layer_types'", "1", "3"}},
        Spoiled{"UnknownActivation", "qwen3", "/hidden_act", "\"gelu\"", {"'hidden_act'", "'gelu'", "'silu'"}},
        Spoiled{"TieIsText", "qwen3", "/tie_word_embeddings", "\"yes\"", {"'tie_word_embeddings'", "true or false"}},
        Spoiled{"EpsIsText", "qwen3_moe", "/rms_norm_eps", "\"small\"", {"'rms_norm_eps'", "number"}},
        Spoiled{"MissingExpertSize", "qwen3_moe", "/moe_intermediate_size", nullptr, {"'moe_intermediate_size'", "missing"}},
        Spoiled{
            "MissingSharedSize", "qwen2_moe", "/shared_expert_intermediate_size", nullptr, {"'shared_expert_intermediate_size'"}},
        Spoiled{"DenseLayersAreNoNumbers", "qwen2_moe", "/mlp_only_layers", "[\"one\"]", {"'mlp_only_layers'", "place 0"}}),
    [](const auto& info) { return info.param.test; });

TEST(Config, UnknownArchitectureListsTheKnownOnes) {
  Json config = golden_config("llama");
  config["architectures"] = {"NoSuchModel"};
  const auto built = build_from(config);
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, 410);
  EXPECT_NE(built.error().hint.find("LlamaForCausalLM"), std::string::npos) << built.error().hint;
}

TEST(Config, NoValueOfAnyFieldDoesMoreThanRefuseTheModel) {
  const char* values[] = {"null", "true", "0", "-1", "1", "7", "1e300", "9007199254740993", "\"x\"", "[]", "[1, \"x\"]", "{}"};
  for (const char* model : {"llama", "mixtral", "qwen2_moe", "deepseek_v2"}) {
    const Json config = golden_config(model);
    const Json fields = config.flatten();
    for (const auto& [pointer, unused] : fields.items())
      for (const char* value : values) {
        Json spoiled = config;
        spoiled[Json::json_pointer(pointer)] = Json::parse(value);
        const auto built = build_from(spoiled);
        if (built.ok()) continue;
        EXPECT_TRUE(built.error().code == 406 || built.error().code == 410)
            << model << pointer << " " << value << built.error().text();
        EXPECT_GT(built.error().message.size(), 20u) << model << pointer << " " << value;
      }
  }
}

TEST(Config, NullIsAsGoodAsAbsent) {
  Json config = golden_config("llama");
  config["head_dim"] = nullptr;
  config["num_key_value_heads"] = nullptr;
  const auto built = build_from(config);
  ASSERT_TRUE(built.ok()) << built.error().text();
  EXPECT_EQ(built->graph->states[0].heads, 4);
}

TEST(Config, RopeParametersOfNewerFilesMeanTheSame) {
  Json config = golden_config("llama");
  Json newer = config;
  newer["rope_parameters"] = config["rope_scaling"];
  newer["rope_parameters"]["rope_theta"] = config["rope_theta"];
  newer.erase("rope_scaling");
  newer.erase("rope_theta");
  const auto a = build_from(config), b = build_from(newer);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->graph->find("model.layers.0.self_attn.rotary_emb.q")->attributes,
            b->graph->find("model.layers.0.self_attn.rotary_emb.q")->attributes);
}

}  // namespace
}  // namespace kt::core::test
