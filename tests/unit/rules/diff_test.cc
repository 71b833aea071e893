// What differs between two bindings of one graph.
#include "core/rules/diff.h"

#include <gtest/gtest.h>

#include "core/rules/fold_names.h"
#include "core/rules/matcher.h"
#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

const Graph& graph() { return golden_graph("deepseek_v3"); }

BoundGraph bound(const std::string& rules) {
  FakeOperators operators = cpu_operators();
  operators.add("cuda.moe", "MoeExperts", 20, "cuda");
  Machine machine = cpu_machine();
  machine.devices.push_back({"cuda", 0, uint64_t{24} << 30, uint64_t{24} << 30});
  BindAttempt attempt = bind_text("kt_rules: 1\nrules:\n" + rules, graph(), operators, {}, machine);
  EXPECT_EQ(texts(attempt.errors), "");
  return std::move(attempt.bound);
}

constexpr const char* kExpertsOnCpu = "  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n";

std::string changes_text(const BoundGraph& before, const BoundGraph& after) {
  std::string out;
  for (const FoldedChange& change : fold_changes(diff_bindings(graph(), before, after)))
    out += std::to_string(change.count) + " " + change.name + (change.prefill ? " prefill" : "") +
           (change.decode ? " decode" : "") + "\n";
  return out;
}

TEST(Diff, OfRulesWithThemselvesIsEmpty) {
  const BoundGraph one = bound(kExpertsOnCpu);
  EXPECT_TRUE(diff_bindings(graph(), one, bound(kExpertsOnCpu)).empty());
  EXPECT_TRUE(moved_weights(graph(), one, bound(kExpertsOnCpu)).empty());
}

TEST(Diff, AnOptionIsAChangeThatMovesNothing) {
  const BoundGraph before = bound(kExpertsOnCpu);
  const BoundGraph after =
      bound("  - match: {class: MoeExperts, layers: 1}\n    replace: {operator: cpu.moe, options: {activations: f32}}\n" +
            std::string(kExpertsOnCpu));
  EXPECT_EQ(changes_text(before, after), "1 model.layers.1.mlp.experts prefill decode\n");
  EXPECT_TRUE(moved_weights(graph(), before, after).empty());
}

TEST(Diff, NamesThePhaseThatChanges) {
  const BoundGraph before = bound(kExpertsOnCpu);
  const BoundGraph after = bound(
      "  - match: {class: MoeExperts, layers: 1, phase: decode}\n    replace: {operator: cpu.moe, options: {tile: avx2}}\n" +
      std::string(kExpertsOnCpu));
  EXPECT_EQ(changes_text(before, after), "1 model.layers.1.mlp.experts decode\n");
}

TEST(Diff, AModuleThatIsNoLongerExpandedStandsForItsBody) {
  const std::string changes = changes_text(bound("  []\n"), bound(kExpertsOnCpu));
  EXPECT_NE(changes.find(".mlp.experts prefill decode\n"), std::string::npos) << changes;
  EXPECT_EQ(changes.find("up_proj"), std::string::npos) << changes;
}

TEST(Diff, CountsTheBytesThatMoveToAnotherDevice) {
  const BoundGraph before = bound(kExpertsOnCpu);
  const BoundGraph after =
      bound("  - match: {class: MoeExperts, layers: 1}\n    replace: {operator: cuda.moe, device: \"cuda:0\"}\n" +
            std::string(kExpertsOnCpu));
  const Node& experts = *graph().find("model.layers.1.mlp.experts");
  double elements = 0;
  for (const WeightSpec& weight : experts.weights) {
    double product = 1;
    for (const int64_t dim : weight.shape) product *= static_cast<double>(dim);
    elements += product;
  }
  const auto moves = moved_weights(graph(), before, after);
  ASSERT_EQ(moves.size(), 1u);
  EXPECT_EQ(moves[0].from, "cpu");
  EXPECT_EQ(moves[0].to, "cuda:0");
  EXPECT_GT(elements, 0);
  EXPECT_EQ(static_cast<double>(moves[0].bytes), elements * (weight_type(experts) == "F32" ? 4 : 2));
}

TEST(FoldNames, WritesTheLayersOfLikeNamesAsRanges) {
  const auto folded =
      fold_names({"model.layers.3.mlp", "model.norm", "model.layers.4.mlp", "model.layers.6.mlp", "model.layers.3.norm"});
  ASSERT_EQ(folded.size(), 3u);
  EXPECT_EQ(folded[0].text, "model.layers.{3,4,6}.mlp");
  EXPECT_EQ(folded[0].count, 3);
  EXPECT_EQ(folded[1].text, "model.norm");
  EXPECT_EQ(folded[2].text, "model.layers.3.norm");
}

}  // namespace
}  // namespace kt::core::test
