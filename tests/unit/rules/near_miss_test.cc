// Expressions that match nothing: where they stop, and the least change that would match.
#include "core/rules/near_miss.h"

#include <gtest/gtest.h>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

Pattern pattern(const std::string& text) { return Pattern::compile(text).value(); }

struct RepairCase {
  const char* expression;
  const char* name;
  const char* repaired;  // "": no repair
  size_t edits;
  const char* what;
};

constexpr RepairCase kRepairs[] = {
    {"^model\\.layers\\.[1-2]\\.mlp\\.expert$", "model.layers.1.mlp.experts", "^model\\.layers\\.[1-2]\\.mlp\\.experts$", 1,
     "missing \"s\""},
    {"mlp\\.expertss", "model.layers.1.mlp.experts", "mlp\\.experts", 1, "\"s\" too much"},
    {"^lm_haed$", "lm_head", "^lm_head$", 2, "\"ae\" for \"ea\""},
    {"self_atn\\.o_proj", "model.layers.0.self_attn.o_proj", "self_attn\\.o_proj", 1, "missing \"t\""},
    {"^model\\\\.norm$", "model.norm", "^model\\.norm$", 1, "in single quotes a backslash stands for itself: write one, not two"},
    {"^layers\\.[0-9]+\\.mlp$", "model.layers.0.mlp", "^model\\.layers\\.[0-9]+\\.mlp$", 6, "missing \"model.\""},
    {"a|b", "xyz", "", 0, ""},
    {"lm_head", "lm_head", "", 0, ""},
};

TEST(NearMiss, ASmallChangeOfTheExpressionIsFound) {
  for (const RepairCase& c : kRepairs) {
    const auto found = repair(pattern(c.expression), c.name);
    ASSERT_EQ(found.has_value(), c.repaired[0] != '\0') << c.expression << " " << (found ? found->expression : "");
    if (!found) continue;
    EXPECT_EQ(found->expression, c.repaired);
    EXPECT_EQ(found->edits, c.edits);
    EXPECT_EQ(found->what, c.what);
    EXPECT_TRUE(pattern(found->expression).search(c.name));
  }
}

TEST(NearMiss, SaysWhereMatchingStops) {
  const Matcher matcher(golden_graph("deepseek_v3"));
  const std::string text = "^model\\.layers\\.[1-2]\\.mlp\\.expert$";
  const auto miss = near_miss(pattern(text), matcher);
  ASSERT_TRUE(miss);
  EXPECT_EQ(miss->reached, "model.layers.1.mlp.expert");
  EXPECT_EQ(miss->left_over, "s");
  EXPECT_EQ(text.substr(miss->stop), "$");
  EXPECT_EQ(miss->nearest[0].name, "model.layers.1.mlp.experts");
  EXPECT_EQ(miss->nearest[0].edits, 1u);
}

TEST(NearMiss, IsNothingForAnExpressionThatIsFound) {
  EXPECT_FALSE(near_miss(pattern("lm_head"), Matcher(golden_graph("llama"))));
}

TEST(NearMiss, OfOddExpressionsEnds) {
  const Matcher matcher(golden_graph("llama"));
  for (const char* text :
       {"^$x", "(", "[", "\\", "(a+)+$", "((((x))))y", "a{2}{3}z", "[]]q", "[^]]q$", "(?:mlp|attn)\\.q", "x*+y", "(?i)LM_HEAX",
        "\\Qmodel.norn\\E", ".*.*.*.*.*.*.*.*.*zz", "a(?#)b", "\\x{6c}m_heax", "x{", "x{1", "é$"}) {
    const Result<Pattern> compiled = Pattern::compile(text);
    if (!compiled.ok()) continue;
    const auto miss = near_miss(*compiled, matcher);
    if (miss) {
      EXPECT_LE(miss->stop, std::string(text).size()) << text;
    }
  }
}

TEST(NearMiss, ARepairedRuleTakesNodesFromLaterOnes) {
  const Graph& graph = golden_graph("deepseek_v3");
  const std::string rules =
      "kt_rules: 1\nrules:\n"
      "  - match: {class: MlaCore}\n    replace: {operator: cpu.mla}\n"
      "  - match: {name: 'mlp\\.expert$'}\n    replace: {operator: cpu.moe}\n"
      "  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n";
  const BindAttempt attempt = bind_text(rules, graph, cpu_operators());
  const auto taken = would_take(graph, attempt.bound, 1, "mlp\\.experts$");
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].from, 2);
  EXPECT_EQ(taken[0].nodes, attempt.bound.uses[2].matched[KT_DECODE]);
}

TEST(NearMiss, OverlapsCountWhatEarlierRulesDecide) {
  const Graph& graph = golden_graph("deepseek_v3");
  const std::string rules =
      "kt_rules: 1\nrules:\n"
      "  - match: {class: MoeExperts, layers: last}\n    replace: {operator: cpu.moe}\n"
      "  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n"
      "  - match: {class: Linear}\n    replace: {operator: cpu.linear}\n";
  const auto found = overlaps(graph, bind_text(rules, graph, cpu_operators()).bound);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rule, 1);
  EXPECT_EQ(found[0].by, 0);
  EXPECT_EQ(found[0].nodes, 1);
}

}  // namespace
}  // namespace kt::core::test
