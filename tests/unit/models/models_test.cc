#include <algorithm>
#include <set>
#include <vector>

#include "core/graph/attributes.h"
#include "core/graph/text.h"
#include "model_fixture.h"

namespace kt::core::test {
namespace {

std::string replaced(std::string text, const std::string& key, const std::string& value) {
  const size_t at = text.find(key);
  return at == std::string::npos ? text : text.replace(at, key.size(), value);
}

// All names that a row gives to a weight in the file.
std::vector<std::string> names_in_file(const KtNameRow& row, const std::string& layer, int64_t experts) {
  const std::string name = replaced(row.in_file, "{L}", layer);
  if (row.transform != KT_STACK) return {name};
  std::vector<std::string> out;
  for (int64_t e = 0; e < experts; ++e) out.push_back(replaced(name, "{E}", std::to_string(e)));
  return out;
}

// The first choice of which every tensor exists: the weight's own name, then the rows in order.
std::vector<std::string> find_in_file(const BuiltModel& model, const WeightSpec& spec, int layer, const ModelSource& source) {
  std::vector<std::vector<std::string>> choices{{spec.canonical}};
  const std::string number = std::to_string(layer);
  for (uint32_t i = 0; i < model.name_count; ++i)
    if (model.names[i]->source == source.config.source() && replaced(model.names[i]->weight, "{L}", number) == spec.canonical)
      choices.push_back(names_in_file(*model.names[i], number, spec.shape[0]));
  for (const auto& choice : choices)
    if (std::all_of(choice.begin(), choice.end(), [&](const std::string& name) { return source.weights->find(name) != nullptr; }))
      return choice;
  return {};
}

int64_t elements(const std::vector<int64_t>& shape) {
  int64_t out = 1;
  for (const int64_t dim : shape) out *= dim;
  return out;
}

class GoldenModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    auto opened = open_model(golden(GetParam()));
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    source_ = std::make_unique<ModelSource>(std::move(*opened));
    auto built = build_model(model_registry(), source_->config, source_->weights.get());
    ASSERT_TRUE(built.ok()) << built.error().text();
    model_ = std::make_unique<BuiltModel>(std::move(*built));
  }
  std::unique_ptr<ModelSource> source_;
  std::unique_ptr<BuiltModel> model_;
};

TEST_P(GoldenModel, EveryWeightIsInTheFileAndEveryTensorIsUsed) {
  std::set<std::string> used;
  for (const Node* node : model_->graph->nodes())
    for (const WeightSpec& spec : node->own_weights) {
      const auto found = find_in_file(*model_, spec, node->layer(), *source_);
      EXPECT_FALSE(found.empty()) << "no tensor for " << spec.canonical;
      int64_t count = 0;
      for (const std::string& name : found) count += elements(source_->weights->find(name)->shape);
      EXPECT_GE(count, elements(spec.shape)) << spec.canonical;
      used.insert(found.begin(), found.end());
    }
  for (const TensorEntry& tensor : source_->weights->tensors())
    EXPECT_TRUE(used.contains(tensor.name) || tensor.name == "rope_freqs.weight") << "nothing uses " << tensor.name;
}

TEST_P(GoldenModel, GraphSurvivesItsTextForm) {
  const std::string text = print_graph(*model_->graph);
  auto again = parse_graph(text, model_registry().classes(), "graph.txt");
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(print_graph(**again), text);
}

TEST_P(GoldenModel, NodesBearTheNamesThatRulesMatch) {
  const Graph& graph = *model_->graph;
  const auto expect_class = [&](const std::string& name, const std::string& class_name) {
    const Node* node = graph.find(name);
    ASSERT_NE(node, nullptr) << name;
    EXPECT_EQ(node->class_name, class_name) << name;
  };
  expect_class("model", "Model");
  expect_class("model.embed_tokens", "Embedding");
  expect_class("model.layers.0", "DecoderLayer");
  expect_class("model.layers.0.input_layernorm", "RmsNorm");
  expect_class("model.layers.0.self_attn.o_proj", "Linear");
  expect_class("model.layers.0.post_attention_layernorm", "RmsNorm");
  expect_class("model.norm", "RmsNorm");
  expect_class("lm_head", "Linear");
  ASSERT_EQ(graph.outputs.size(), 1u);
  EXPECT_EQ(graph.outputs[0].first, "logits");
  EXPECT_EQ(graph.value(graph.outputs[0].second).shape[0], KT_DIM_OUTPUTS);
}

INSTANTIATE_TEST_SUITE_P(Folders, GoldenModel,
                         testing::Values("models/llama", "models/llama_spm", "models/mixtral", "models/qwen2", "models/qwen2_swa",
                                         "models/qwen2_moe", "models/qwen3", "models/qwen3_moe", "models/deepseek_v2",
                                         "models/deepseek_v2_lite", "models/deepseek_v3", "models/kimi_k2"));
INSTANTIATE_TEST_SUITE_P(Gguf, GoldenModel,
                         testing::Values("gguf/llama-f16.gguf", "gguf/llama_wide-q4_k_m.gguf", "gguf/qwen2-f32.gguf",
                                         "gguf/qwen3_moe-q8_0.gguf", "gguf/deepseek_v2-q8_0.gguf", "gguf/deepseek_v3-bf16.gguf"));

std::string class_at(const std::string& model, const std::string& node) {
  auto built = build_from(golden_config(model));
  if (!built.ok()) return built.error().text();
  const Node* found = built->graph->find(node);
  return found ? found->class_name : "absent";
}

TEST(Models, LatentAttentionHasItsProjectionsAndCore) {
  const std::string layer = "model.layers.1.self_attn";
  EXPECT_EQ(class_at("deepseek_v3", layer), "MlaAttention");
  EXPECT_EQ(class_at("deepseek_v3", layer + ".q_a_proj"), "Linear");
  EXPECT_EQ(class_at("deepseek_v3", layer + ".kv_a_proj_with_mqa"), "Linear");
  EXPECT_EQ(class_at("deepseek_v3", layer + ".mla"), "MlaCore");
  EXPECT_EQ(class_at("deepseek_v3", layer + ".mla.w_uk"), "HeadLinear");
  EXPECT_EQ(class_at("deepseek_v3", layer + ".mla.attn"), "Attention");
  EXPECT_EQ(class_at("deepseek_v2_lite", layer + ".q_proj"), "Linear");
  EXPECT_EQ(class_at("deepseek_v2_lite", layer + ".q_a_proj"), "absent");
}

TEST(Models, MixturesHaveGateExpertsAndSharedExperts) {
  EXPECT_EQ(class_at("mixtral", "model.layers.0.block_sparse_moe"), "MoeBlock");
  EXPECT_EQ(class_at("mixtral", "model.layers.0.block_sparse_moe.experts"), "MoeExperts");
  EXPECT_EQ(class_at("qwen3_moe", "model.layers.0.mlp.gate"), "MoeGate");
  EXPECT_EQ(class_at("qwen2_moe", "model.layers.0.mlp.shared_expert"), "Mlp");
  EXPECT_EQ(class_at("qwen2_moe", "model.layers.0.mlp.shared_expert_gate"), "Linear");
  EXPECT_EQ(class_at("qwen2_moe", "model.layers.1.mlp"), "Mlp");
  EXPECT_EQ(class_at("deepseek_v3", "model.layers.0.mlp"), "Mlp");
  EXPECT_EQ(class_at("deepseek_v3", "model.layers.1.mlp.shared_experts"), "Mlp");
  EXPECT_EQ(class_at("deepseek_v3", "model.layers.1.mlp.gate.groups"), "GroupMask");
  EXPECT_EQ(class_at("kimi_k2", "model.layers.1.mlp.gate.groups"), "absent");
}

TEST(Models, OnlySlidingLayersHaveAWindow) {
  auto built = build_from(golden_config("qwen2_swa"));
  ASSERT_TRUE(built.ok()) << built.error().text();
  const auto& states = built->graph->states;
  ASSERT_EQ(states.size(), 3u);
  EXPECT_EQ(states[0].window, 0);
  EXPECT_EQ(states[1].window, 16);
  EXPECT_EQ(states[2].window, 16);
}

TEST(Models, LayersFromMaxWindowLayersOnSlideWhereNoTypesAreGiven) {
  Json config = golden_config("qwen2_swa");
  config.erase("layer_types");
  auto built = build_from(config);
  ASSERT_TRUE(built.ok()) << built.error().text();
  EXPECT_EQ(built->graph->states[0].window, 0);
  EXPECT_EQ(built->graph->states[1].window, 16);
}

TEST(Models, GgufFilesOfLlamaRotateInterleavedPairsWithTheFilesDivisors) {
  auto folder = open_model(golden("models/llama"));
  auto file = open_model(golden("gguf/llama-f16.gguf"));
  ASSERT_TRUE(folder.ok() && file.ok());
  auto a = build_model(model_registry(), folder->config, folder->weights.get());
  auto b = build_model(model_registry(), file->config, file->weights.get());
  ASSERT_TRUE(a.ok() && b.ok());
  const Node* halves = a->graph->find("model.layers.0.self_attn.rotary_emb.q");
  const Node* pairs = b->graph->find("model.layers.0.self_attn.rotary_emb.q");
  EXPECT_EQ(int_attribute(*halves, "interleaved"), 0);
  EXPECT_EQ(int_attribute(*pairs, "interleaved"), 1);
  const auto& wanted = *floats_attribute(*halves, "inv_freq");
  const auto& found = *floats_attribute(*pairs, "inv_freq");
  ASSERT_EQ(found.size(), wanted.size());
  // A divisor is a rounded quotient: two roundings of float.
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 3e-7f * wanted[i]);
}

}  // namespace
}  // namespace kt::core::test
