#include <gtest/gtest.h>

#include "core/graph/builder.h"
#include "core/graph/text.h"

namespace kt::core {
namespace {

// tokens -> Embedding -> [module mlp: Linear, Silu, Linear] -> logits
Result<std::unique_ptr<Graph>> small_graph(const ClassTable& classes, int64_t inner) {
  GraphBuilder builder(classes);
  const KtValue tokens = KT_TRY(builder.graph_input("tokens"));
  KT_TRY(builder.begin("model.embed_tokens", "Embedding"));
  KT_TRY(builder.input(tokens));
  KT_TRY(builder.weight("weight", {10, 8}));
  const KtValue x = KT_TRY(builder.end())[0];
  KT_TRY(builder.begin("model.layers.3.mlp", "Mlp"));
  KT_TRY(builder.input(x));
  KT_TRY(builder.attribute("activation", std::string("silu")));
  KT_TRY(builder.begin_body());
  KT_TRY(builder.begin("up_proj", "Linear"));
  KT_TRY(builder.input(x));
  KT_TRY(builder.weight("weight", {16, inner}));
  const KtValue up = KT_TRY(builder.end())[0];
  KT_TRY(builder.begin("silu", "Silu"));
  KT_TRY(builder.input(up));
  const KtValue activated = KT_TRY(builder.end())[0];
  KT_TRY(builder.begin("down_proj", "Linear"));
  KT_TRY(builder.input(activated));
  KT_TRY(builder.weight("weight", {10, 16}));
  const KtValue down = KT_TRY(builder.end())[0];
  KT_TRY(builder.end_body({down}));
  KT_TRY(builder.graph_output("logits", down));
  return builder.finish();
}

TEST(Graph, ModuleCollectsTheWeightsOfItsBody) {
  const ClassTable classes;
  auto graph = small_graph(classes, 8);
  ASSERT_TRUE(graph.ok()) << graph.error().text();
  const Node* mlp = (*graph)->find("model.layers.3.mlp");
  ASSERT_NE(mlp, nullptr);
  ASSERT_EQ(mlp->weights.size(), 2u);
  EXPECT_EQ(mlp->weights[0].parameter, "up_proj.weight");
  EXPECT_EQ(mlp->weights[0].canonical, "model.layers.3.mlp.up_proj.weight");
  EXPECT_EQ(mlp->layer(), 3);
}

TEST(Graph, LinearWithAnotherInputSizeIsRefusedByName) {
  const ClassTable classes;
  auto graph = small_graph(classes, 9);
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.error().message.find("model.layers.3.mlp.up_proj"), std::string::npos) << graph.error().message;
}

TEST(Graph, TextFormReadsBackToItself) {
  const ClassTable classes;
  auto graph = small_graph(classes, 8);
  ASSERT_TRUE(graph.ok());
  const std::string text = print_graph(**graph);
  auto again = parse_graph(text, classes, "graph.txt");
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(print_graph(**again), text);
}

TEST(Graph, InnerValueOfAModuleIsNotVisibleOutside) {
  const ClassTable classes;
  GraphBuilder builder(classes);
  const KtValue tokens = *builder.graph_input("tokens");
  ASSERT_TRUE(builder.begin("embed", "Embedding").ok());
  ASSERT_TRUE(builder.input(tokens).ok());
  ASSERT_TRUE(builder.weight("weight", {4, 4}).ok());
  const KtValue x = (*builder.end())[0];
  ASSERT_TRUE(builder.begin("mlp", "Mlp").ok());
  ASSERT_TRUE(builder.begin_body().ok());
  ASSERT_TRUE(builder.begin("inner", "Silu").ok());
  ASSERT_TRUE(builder.input(x).ok());
  const KtValue inner = (*builder.end())[0];
  ASSERT_TRUE(builder.end_body({x}).ok());
  ASSERT_TRUE(builder.begin("outer", "Silu").ok());
  ASSERT_TRUE(builder.input(inner).ok());
  ASSERT_TRUE(builder.graph_output("logits", (*builder.end())[0]).ok());
  auto graph = builder.finish();
  ASSERT_FALSE(graph.ok());
  EXPECT_NE(graph.error().message.find("outer"), std::string::npos);
}

}  // namespace
}  // namespace kt::core
