// The walk: which rule decides which node, and what is said when none can.
#include <gtest/gtest.h>

#include "core/rules/explain.h"
#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

const Graph& graph() { return golden_graph("deepseek_v3"); }

std::string rules(const std::string& items) { return "kt_rules: 1\nrules:\n" + items; }

std::string operator_of(const BindAttempt& attempt, const char* name, KtPhase phase = KT_DECODE) {
  const StepBinding* step = attempt.bound.find(*graph().find(name), phase);
  return step ? step->operator_name : "";
}

TEST(Bind, WithoutRulesExpandsModulesAndTakesTheBestOperators) {
  const BindAttempt attempt = bind_text("[]\n", graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(operator_of(attempt, "lm_head"), "cpu.linear");
  EXPECT_EQ(attempt.bound.how(*graph().find("lm_head"), KT_DECODE)->reason, "best of cpu.linear 20, ref.linear 1");
  EXPECT_TRUE(attempt.bound.how(*graph().find("model.layers.1.mlp.experts"), KT_DECODE)->expanded);
  EXPECT_EQ(operator_of(attempt, "model.layers.1.mlp.experts.up_proj"), "cpu.expert_linear");
}

TEST(Bind, ABoundModuleHidesItsBody) {
  const BindAttempt attempt =
      bind_text(rules("  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n"), graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(operator_of(attempt, "model.layers.1.mlp.experts"), "cpu.moe");
  EXPECT_EQ(attempt.bound.how(*graph().find("model.layers.1.mlp.experts.up_proj"), KT_DECODE), nullptr);
}

TEST(Bind, EveryDeclaredOptionIsPresent) {
  const BindAttempt attempt =
      bind_text(rules("  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe, options: {tile: avx2}}\n"), graph(),
                cpu_operators());
  const auto& options = attempt.bound.find(*graph().find("model.layers.1.mlp.experts"), KT_PREFILL)->options;
  EXPECT_EQ(options.at("tile"), "avx2");
  EXPECT_EQ(options.at("activations"), "auto");
}

TEST(Bind, DecidesEachPhaseForItself) {
  const BindAttempt attempt = bind_text(rules("  - match: {class: Linear, phase: decode}\n    replace: {operator: ref.linear}\n"),
                                        graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(operator_of(attempt, "lm_head", KT_DECODE), "ref.linear");
  EXPECT_EQ(operator_of(attempt, "lm_head", KT_PREFILL), "cpu.linear");
}

TEST(Bind, TakesTheFirstOperatorThatSupportsTheNode) {
  FakeOperators operators = cpu_operators();
  operators.add("fast.moe", "MoeExperts", 0).refuse("fast.moe", "needs AMX");
  const std::string text = rules("  - match: {class: MoeExperts}\n    replace: {operator: [fast.moe, cpu.moe]}\n");
  const BindAttempt attempt = bind_text(text, graph(), operators);
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(operator_of(attempt, "model.layers.1.mlp.experts"), "cpu.moe");
  EXPECT_EQ(attempt.bound.how(*graph().find("model.layers.1.mlp.experts"), KT_DECODE)->reason, "fast.moe: needs AMX");
}

TEST(Bind, QuotesEveryReasonWhenNoneSupportsTheNode) {
  FakeOperators operators = cpu_operators();
  operators.refuse("cpu.moe", "experts are of type Q2_K");
  const std::string text =
      rules("  - name: experts\n    match: {class: MoeExperts}\n    replace: {operator: [cpu.moe, cpu.linear]}\n");
  const BindAttempt attempt = bind_text(text, graph(), operators);
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].text(),
            "r.yaml:5:26: error[KT-E0206]: rule 'experts': no operator supports 'model.layers.1.mlp.experts' (MoeExperts): "
            "cpu.moe: experts are "
            "of type Q2_K; cpu.linear: it computes Linear, not MoeExperts");
}

TEST(Bind, AWildcardExpandsModulesThatThePluginLacks) {
  const BindAttempt attempt =
      bind_text(rules("  - match: {name: '.*'}\n    replace: {operator: 'ref.*'}\n"), graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  for (const Node* node : graph().nodes())
    if (const StepBinding* step = attempt.bound.find(*node, KT_DECODE)) {
      EXPECT_EQ(step->operator_name.substr(0, 4), "ref.") << node->name;
    }
}

TEST(Bind, AWildcardWithoutAPrimitiveIsAnError) {
  FakeOperators operators = cpu_operators();
  operators.add("tiny.linear", "Linear", 5);
  const BindAttempt attempt =
      bind_text(rules("  - match: {class: RmsNorm}\n    replace: {operator: 'tiny.*'}\n"), graph(), operators);
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_NE(attempt.errors[0].message.find("tiny.*: it has none for RmsNorm"), std::string::npos) << attempt.errors[0].message;
}

TEST(Bind, OptionsOfAWildcardGoToThoseThatDeclareThem) {
  const std::string good = rules("  - match: {name: '.*'}\n    replace: {operator: 'cpu.*', options: {activations: f32}}\n");
  const BindAttempt attempt = bind_text(good, graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(attempt.bound.find(*graph().find("lm_head"), KT_DECODE)->options.at("activations"), "f32");
  const std::string bad = rules("  - match: {name: '.*'}\n    replace: {operator: 'cpu.*', options: {activation: f32}}\n");
  EXPECT_EQ(texts(bind_text(bad, graph(), cpu_operators()).errors),
            "r.yaml:4:44: error[KT-E0202]: operator 'cpu.*' has no option 'activation'\n  hint: did you mean 'activations'?\n");
}

TEST(Bind, ARuleThatMatchesNothingSaysWhereItCameNearest) {
  const std::string text =
      rules("  - match: {name: '^model\\.layers\\.[1-2]\\.mlp\\.expert$'}\n    replace: {operator: cpu.moe}\n");
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].code, 203);
  EXPECT_EQ(attempt.errors[0].message, "rule 1 matches no node of this model");
  EXPECT_NE(
      attempt.errors[0].hint.find("stops matching after 'model.layers.1.mlp.expert'; nearest nodes: model.layers.1.mlp.experts"),
      std::string::npos)
      << attempt.errors[0].hint;
}

TEST(Bind, AnOptionalRuleMayMatchNothing) {
  const std::string text = rules("  - match: {name: nowhere}\n    replace: {operator: cpu.moe}\n    optional: true\n");
  EXPECT_EQ(texts(bind_text(text, graph(), cpu_operators()).errors), "");
}

TEST(Bind, ARuleInsideABoundModuleIsShadowed) {
  const std::string text = rules(
      "  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n"
      "  - match: {class: ExpertLinear}\n    replace: {operator: ref.expert_linear}\n");
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].message, "rule 2 can never match: rule 1 (line 3) takes all its nodes");
}

TEST(Bind, DefaultWithoutRecursionLeavesTheBodyAlone) {
  const std::string text = rules(
      "  - match: {class: MlaAttention}\n    replace: {operator: default, recursive: false}\n"
      "  - match: {class: Linear}\n    replace: {operator: ref.linear}\n");
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  EXPECT_EQ(operator_of(attempt, "model.layers.0.self_attn.o_proj"), "cpu.linear");
  EXPECT_EQ(operator_of(attempt, "lm_head"), "ref.linear");
}

TEST(Bind, AbsentDevicesAreErrorsOrWarnings) {
  const std::string text = rules("  - match: {class: Linear}\n    replace: {operator: cuda.linear, device: 'cuda:0'}\n");
  const BindAttempt strict = bind_text(text, graph(), cpu_operators());
  EXPECT_EQ(strict.errors.size(), 1u);
  const BindAttempt lenient = bind_text(text, graph(), cpu_operators(), {.allow_missing_devices = true});
  ASSERT_EQ(texts(lenient.errors), "");
  EXPECT_EQ(operator_of(lenient, "lm_head"), "cpu.linear");
  EXPECT_EQ(lenient.bound.warnings.size(), 2u);
}

TEST(Bind, StrictTurnsWarningsIntoErrors) {
  const std::string text = rules("  - match: {name: nowhere}\n    replace: {operator: cpu.linear}\n");
  EXPECT_EQ(bind_text(text, graph(), cpu_operators(), {.allow_unused_rules = true}).errors.size(), 0u);
  EXPECT_EQ(bind_text(text, graph(), cpu_operators(), {.allow_unused_rules = true, .strict = true}).errors.size(), 1u);
}

TEST(Bind, ReportsAllErrorsInOneError) {
  const std::string text = rules(
      "  - match: {class: Liner}\n    replace: {operator: cpu.linear}\n  - match: {class: Linear}\n    replace: {operator: "
      "cpu.liner}\n");
  const auto bound = bind(graph(), parse_rules(text, "r.yaml", {}, {}), cpu_operators(), cpu_machine(), {});
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(exit_code(bound.error().code), 3);
  EXPECT_NE(bound.error().text().find("r.yaml:3:20: error[KT-E0202]: no node class 'Liner'"), std::string::npos);
  EXPECT_NE(bound.error().text().find("r.yaml:6:25: error[KT-E0202]: unknown operator 'cpu.liner'"), std::string::npos);
}

TEST(Bind, AutoTakesTheFusedModulesOfTheBestPlugin) {
  for (const char* model :
       {"llama", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "deepseek_v2", "deepseek_v3", "kimi_k2", "mixtral"}) {
    const Graph& g = golden_graph(model);
    const BindAttempt attempt = try_bind(g, auto_rules(cpu_machine(), g, cpu_operators()), cpu_operators(), cpu_machine(), {});
    ASSERT_EQ(texts(attempt.errors), "") << model;
    EXPECT_TRUE(attempt.bound.warnings.empty());
    for (const Node* node : g.nodes())
      if (node->class_name == "MoeExperts") {
        EXPECT_EQ(attempt.bound.find(*node, KT_DECODE)->operator_name, "cpu.moe");
      }
  }
}

TEST(Bind, PrintsTheBindingOfAWholeModel) {
  const Graph& g = golden_graph("llama");
  const std::string text = rules(
      "  - name: linears\n    match: {class: Linear, layers: 0}\n    replace: {operator: cpu.linear, options: {activations: "
      "f32}}\n");
  const std::string printed = print_binding(g, bind_text(text, g, cpu_operators()).bound);
  EXPECT_NE(printed.find("model.layers.0.self_attn.q_proj Linear both cpu.linear cpu activations=f32 rule 'linears'\n"),
            std::string::npos)
      << printed;
  EXPECT_NE(printed.find("model.layers.1.self_attn.q_proj Linear both cpu.linear cpu activations=auto -\n"), std::string::npos);
  EXPECT_NE(printed.find("model.layers.0.mlp Mlp both body cpu -\n"), std::string::npos);
}

TEST(Explain, NamesTheKeyThatFailedAndTheRuleThatDecided) {
  const std::string text = rules(
      "  - match: {name: 'self_attn$'}\n    replace: {operator: default}\n"
      "  - match: {class: MoeExperts}\n    replace: {operator: cpu.moe}\n"
      "  - match: {class: Mlp}\n    replace: {operator: cpu.mlp}\n");
  const BindAttempt attempt = bind_text(text, graph(), cpu_operators());
  ASSERT_EQ(texts(attempt.errors), "");
  const Explanation found =
      explain(graph(), attempt.bound, cpu_machine(), *graph().find("model.layers.1.mlp.experts"), KT_DECODE);
  EXPECT_EQ(found.trials[0].outcome, RuleTrial::Outcome::kNoMatch);
  EXPECT_FALSE(found.trials[0].keys.at(0).holds);
  EXPECT_EQ(found.trials[1].outcome, RuleTrial::Outcome::kDecided);
  EXPECT_EQ(found.trials[2].outcome, RuleTrial::Outcome::kNotReached);
  const Explanation inner =
      explain(graph(), attempt.bound, cpu_machine(), *graph().find("model.layers.1.mlp.experts.up_proj"), KT_DECODE);
  ASSERT_NE(inner.inside, nullptr);
  EXPECT_EQ(inner.inside->name, "model.layers.1.mlp.experts");
}

}  // namespace
}  // namespace kt::core::test
