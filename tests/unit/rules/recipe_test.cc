// Recipes of kt quantize: which rule takes a node's weights, and what is wrong with a recipe.
#include "core/rules/recipe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

class RecipeTest : public testing::Test {
 protected:
  Result<Recipe> read(const std::string& text) const {
    std::ofstream(path_) << text;
    return read_recipe(path_, {"q8_0", "q4_k"});
  }
  void TearDown() override { std::filesystem::remove(path_); }

  // The type that the recipe gives the weights of a node; "" for none.
  static std::string type_of(const Recipe& recipe, const std::string& name) {
    const Graph& graph = golden_graph("deepseek_v3");
    const auto nodes = graph.nodes();
    const auto rules = match_recipe(recipe, graph, nodes);
    EXPECT_TRUE(rules.ok()) << rules.error().text();
    for (size_t i = 0; rules.ok() && i < nodes.size(); ++i)
      if (nodes[i]->name == name) return (*rules)[i] ? (*rules)[i]->type.text : "";
    ADD_FAILURE() << "no node " << name;
    return {};
  }

  std::string path_ = (std::filesystem::temp_directory_path() / ("kt_recipe_" + std::to_string(::getpid()) + ".yaml")).string();
};

TEST_F(RecipeTest, TheFirstRuleThatMatchesANodeOrAModuleAroundItWins) {
  const auto recipe = read(
      "type: q8_0\nrules:\n  - { match: { name: 'layers\\.1\\.mlp\\.experts\\.up' }, quantize: keep }\n"
      "  - { match: { class: MoeExperts }, quantize: Q4_K }\n");
  ASSERT_TRUE(recipe.ok()) << recipe.error().text();
  EXPECT_EQ(recipe->type->text, "q8_0");
  EXPECT_EQ(type_of(*recipe, "model.layers.1.mlp.experts.up_proj"), "keep");
  EXPECT_EQ(type_of(*recipe, "model.layers.1.mlp.experts.down_proj"), "q4_k");
  EXPECT_EQ(type_of(*recipe, "model.layers.2.mlp.experts.up_proj"), "q4_k");
  EXPECT_EQ(type_of(*recipe, "model.layers.1.self_attn.o_proj"), "");
}

TEST_F(RecipeTest, SizesAreThoseOfTheNodeAndNotOfTheModulesAroundIt) {
  const auto recipe = read("rules:\n  - { match: { params: '>= 8193' }, quantize: q8_0 }\n");
  ASSERT_TRUE(recipe.ok()) << recipe.error().text();
  EXPECT_EQ(type_of(*recipe, "lm_head"), "q8_0");                   // 384 x 64
  EXPECT_EQ(type_of(*recipe, "model.layers.0.mlp.gate_proj"), "");  // 128 x 64
}

TEST_F(RecipeTest, RefusesRulesThatMatchNothingUnlessTheyAreOptional) {
  const auto recipe = read(
      "rules:\n  - { match: { class: MoeExpert }, quantize: q8_0 }\n"
      "  - { match: { name: 'layers\\.77' }, quantize: q8_0, optional: true }\n");
  ASSERT_TRUE(recipe.ok()) << recipe.error().text();
  const Graph& graph = golden_graph("deepseek_v3");
  const auto rules = match_recipe(*recipe, graph, graph.nodes());
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().code, 203);
  EXPECT_EQ(rules.error().place.line, 2);
  EXPECT_EQ(rules.error().rest, "");
}

TEST_F(RecipeTest, RefusesARecipeOfAnotherArchitecture) {
  const auto recipe = read("arch: [llama]\nrules: []\n");
  ASSERT_TRUE(recipe.ok()) << recipe.error().text();
  const auto rules = match_recipe(*recipe, golden_graph("deepseek_v3"), {});
  ASSERT_FALSE(rules.ok());
  EXPECT_EQ(rules.error().code, 209);
}

TEST_F(RecipeTest, ReportsAllMistakesOfAFileAtOnce) {
  const auto recipe = read(
      "type: q8_9\nrules:\n  - { match: { class: MoeExperts, phase: decode }, quantize: q4k }\n"
      "  - { match: { name: x } }\n  - { quantize: keep }\n  - 7\n");
  ASSERT_FALSE(recipe.ok());
  const std::string all = recipe.error().text() + recipe.error().rest;
  for (const char* part : {"unknown type 'q8_9'", "did you mean 'q8_0'", "unknown key 'phase'", "unknown type 'q4k'",
                           "rule 2 has no 'quantize'", "rule 3 needs a map 'match'", "rule 4 must be a map"})
    EXPECT_NE(all.find(part), std::string::npos) << part << "\n" << all;
}

TEST_F(RecipeTest, RefusesWhatIsNoRecipe) {
  for (const char* text : {"", "[]", "7", "rules: 7", "a: {", "rules: [{match: }]"}) EXPECT_FALSE(read(text).ok()) << text;
  EXPECT_EQ(read_recipe("/does/not/exist.yaml", {}).error().code, 208);
}

}  // namespace
}  // namespace kt::core::test
