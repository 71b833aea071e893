#include "core/plan/plan.h"

#include <gtest/gtest.h>

#include "core/graph/builder.h"

namespace kt::core {
namespace {

// tokens -> embedding -> up -> silu -> down -> + embedding -> output rows
std::unique_ptr<Graph> small_graph() {
  static const ClassTable classes;
  GraphBuilder g(classes);
  const auto node = [&](const char* name, const char* class_name, std::vector<KtValue> inputs, std::vector<int64_t> weight) {
    EXPECT_TRUE(g.begin(name, class_name).ok());
    for (const KtValue input : inputs) EXPECT_TRUE(g.input(input).ok());
    if (!weight.empty()) {
      EXPECT_TRUE(g.weight("weight", std::move(weight)).ok());
    }
    const auto outputs = g.end();
    EXPECT_TRUE(outputs.ok()) << outputs.error().text();
    return outputs->front();
  };
  const KtValue x = node("embed", "Embedding", {*g.graph_input("tokens")}, {10, 8});
  const KtValue h = node("act", "Silu", {node("up", "Linear", {x}, {16, 8})}, {});
  const KtValue y = node("sum", "Add", {node("down", "Linear", {h}, {8, 16}), x}, {});
  const KtValue rows = node("rows", "GatherRows", {y, *g.graph_input("output_rows")}, {});
  EXPECT_TRUE(g.graph_output("logits", rows).ok());
  auto graph = g.finish();
  EXPECT_TRUE(graph.ok()) << graph.error().text();
  return std::move(*graph);
}

Plan plan_with(const Graph& graph, const std::function<std::string(const Node&)>& device_of) {
  std::map<const Node*, StepBinding> bindings;
  const auto binding_of = [&](const Node& node) -> const StepBinding* {
    const std::string device = device_of(node);
    return &bindings.insert_or_assign(&node, StepBinding{device.substr(0, device.find(':')) + ".op", device, {}}).first->second;
  };
  auto plan = make_plan(graph, binding_of, KT_DECODE, ShapeBucket{4, 2});
  EXPECT_TRUE(plan.ok()) << plan.error().text();
  return std::move(*plan);
}

TEST(Plan, OfOneDeviceHasAStepForEveryNode) {
  const auto graph = small_graph();
  EXPECT_EQ(print_plan(plan_with(*graph, [](const Node&) { return "cpu"; })), R"(plan decode tokens<=4 outputs<=2
    0  cpu  cpu.op  embed  <- tokens [T]  -> embed:0 [T, 8]
    1  cpu  cpu.op  up  <- embed:0 [T, 8]  -> up:0 [T, 16]
    2  cpu  cpu.op  act  <- up:0 [T, 16]  -> act:0 [T, 16]
    3  cpu  cpu.op  down  <- act:0 [T, 16]  -> down:0 [T, 8]
    4  cpu  cpu.op  sum  <- down:0 [T, 8]  <- embed:0 [T, 8]  -> sum:0 [T, 8]
    5  cpu  cpu.op  rows  <- sum:0 [T, 8]  <- output_rows [O]  -> rows:0 [O, 8]
arena cpu 768 bytes
)");
}

TEST(Plan, CopiesAValueOnceAndWaitsOnlyWhereTheHostReads) {
  const auto graph = small_graph();
  const auto on_fake = [](const Node& node) {
    return node.name == "up" || node.name == "act" || node.name == "down" ? "fake:0" : "cpu";
  };
  EXPECT_EQ(print_plan(plan_with(*graph, on_fake)), R"(plan decode tokens<=4 outputs<=2
    0  cpu  cpu.op  embed  <- tokens [T]  -> embed:0 [T, 8]
    1  fake:0  copy    <- embed:0 [T, 8]  -> embed:0@fake:0 [T, 8]
    2  fake:0  fake.op  up  <- embed:0@fake:0 [T, 8]  -> up:0 [T, 16]
    3  fake:0  fake.op  act  <- up:0 [T, 16]  -> act:0 [T, 16]
    4  fake:0  fake.op  down  <- act:0 [T, 16]  -> down:0 [T, 8]
    5  cpu  copy    <- down:0 [T, 8]  -> down:0@cpu [T, 8]
    6  cpu  cpu.op  sum  <- down:0@cpu [T, 8]  <- embed:0 [T, 8]  -> sum:0 [T, 8]  wait fake:0
    7  cpu  cpu.op  rows  <- sum:0 [T, 8]  <- output_rows [O]  -> rows:0 [O, 8]
arena cpu 512 bytes
arena fake:0 512 bytes
)");
}

TEST(Plan, TwoDevicesOfOneKindAreOrderedWithoutTheHost) {
  const auto graph = small_graph();
  const auto split = [](const Node& node) { return node.name == "up" ? "fake:0" : node.name == "act" ? "fake:1" : "cpu"; };
  const std::string text = print_plan(plan_with(*graph, split));
  EXPECT_NE(text.find("-> up:0@fake:1 [T, 16]  after fake:0"), std::string::npos) << text;
  EXPECT_EQ(text.find("wait fake:0"), std::string::npos) << text;
  EXPECT_NE(text.find("wait fake:1"), std::string::npos) << text;
}

TEST(Plan, MemoryThatAQueuedCopyReadsIsNotUsedAgainBeforeTheHostWaited) {
  const auto graph = small_graph();
  const auto on_fake = [](const Node& node) { return node.name == "up" || node.name == "act" ? "fake:0" : "cpu"; };
  const Plan plan = plan_with(*graph, on_fake);
  const auto value = [&](const std::string& name) {
    for (size_t v = 0; v < plan.values.size(); ++v)
      if (plan.values[v].name == name) return plan.storage[v];
    ADD_FAILURE() << name;
    return ValuePlan();
  };
  const ValuePlan source = value("embed:0"), landing = value("act:0@cpu");
  const bool apart = source.offset + source.bytes <= landing.offset || landing.offset + landing.bytes <= source.offset;
  EXPECT_TRUE(apart);
}

TEST(Plan, APrimitiveWithoutAnOperatorIsAnError) {
  const auto graph = small_graph();
  const auto plan = make_plan(
      *graph, [](const Node&) -> const StepBinding* { return nullptr; }, KT_DECODE, ShapeBucket{});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, 615);
  EXPECT_NE(plan.error().message.find("'embed'"), std::string::npos);
}

}  // namespace
}  // namespace kt::core
