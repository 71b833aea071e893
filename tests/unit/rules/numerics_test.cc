// Operators that give different bits in prefill and decode are warned about.
#include <gtest/gtest.h>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

std::string phases(const std::string& prefill, const std::string& decode) {
  return "kt_rules: 1\nrules:\n  - match: {name: '^lm_head$', phase: prefill}\n    replace: " + prefill +
         "\n  - match: {name: '^lm_head$', phase: decode}\n    replace: " + decode + "\n";
}

std::string warnings(const std::string& rules, const FakeOperators& operators = cpu_operators()) {
  const BindAttempt attempt = bind_text(rules, golden_graph("llama"), operators);
  EXPECT_EQ(texts(attempt.errors), "");
  return warning_texts(attempt.bound.warnings);
}

TEST(Numerics, OneOperatorInBothPhasesIsSilent) {
  EXPECT_EQ(warnings(phases("{operator: cpu.linear}", "{operator: cpu.linear}")), "");
}

TEST(Numerics, OfTwoOperatorsAreCompared) {
  EXPECT_EQ(
      warnings(phases("{operator: ref.linear}", "{operator: cpu.linear}")),
      "r.yaml:5:5: warning[KT-W0210]: 'lm_head' is computed by ref.linear (no numerics id) in prefill and by cpu.linear (no "
      "numerics id, activations: auto) in decode: a result depends on the phase\n"
      "  hint: give both phases one operator with the same options, or operators that share a numerics id\n");
}

TEST(Numerics, OfOneOperatorWithOtherOptionsDiffer) {
  const std::string text = warnings(phases("{operator: cpu.linear, options: {activations: f32}}", "{operator: cpu.linear}"));
  EXPECT_NE(text.find("KT-W0210"), std::string::npos) << text;
}

TEST(Numerics, AModuleThatOnePhaseExpandsDiffers) {
  const std::string text =
      warnings("kt_rules: 1\nrules:\n  - match: {class: Mlp, phase: decode}\n    replace: {operator: cpu.mlp}\n");
  EXPECT_NE(text.find("by its body in prefill and by cpu.mlp"), std::string::npos) << text;
  EXPECT_EQ(text.find("KT-W0210", text.find("KT-W0210") + 1), std::string::npos) << "once a rule: " << text;
}

TEST(Numerics, SharedByTwoOperatorsAreSilent) {
  FakeOperators operators = cpu_operators();
  operators.set_numerics("cpu.linear", "invariant.x").set_numerics("ref.linear", "invariant.x");
  EXPECT_EQ(warnings(phases("{operator: ref.linear}", "{operator: cpu.linear}"), operators), "");
}

TEST(Numerics, OfAStateThatPhasesKeepInTwoTypesIsAnError) {
  FakeOperators operators = cpu_operators();
  operators.add("cpu.attention", "Attention", 20, "cpu", {{"cache", KT_OPTION_ENUM, "auto", "", {"auto", "f16", "q8_0"}, 0, 0}});
  const auto errors = [&](const std::string& prefill, const std::string& decode) {
    const std::string rules =
        "kt_rules: 1\nrules:\n  - match: {class: Attention, phase: prefill}\n    replace: {operator: cpu.attention, options: "
        "{cache: " +
        prefill +
        "}}\n  - match: {class: Attention, phase: decode}\n    replace: {operator: cpu.attention, options: {cache: " + decode +
        "}}\n";
    return texts(bind_text(rules, golden_graph("llama"), operators).errors);
  };
  EXPECT_EQ(errors("q8_0", "f16"),
            "r.yaml:5:5: error[KT-E0206]: the state of 'model.layers.0.self_attn.attn' would be kept as q8_0 and as f16\n"
            "  hint: give both phases the same 'cache'\n");
  EXPECT_EQ(errors("q8_0", "q8_0"), "");
  EXPECT_EQ(errors("q8_0", "auto"), "");
}

TEST(Numerics, AreErrorsWhereWarningsCount) {
  const BindAttempt attempt = bind_text(phases("{operator: ref.linear}", "{operator: cpu.linear}"), golden_graph("llama"),
                                        cpu_operators(), BindOptions{.strict = true});
  ASSERT_EQ(attempt.errors.size(), 1u);
  EXPECT_EQ(attempt.errors[0].code, 210);
}

}  // namespace
}  // namespace kt::core::test
