// Every wrong file of tests/golden/rules/errors.json gives its message at its place, and every file of accepted.json none.
#include <gtest/gtest.h>

#include "tests/unit/rules/fixture.h"
#include "tests/unit/rules/rule_files.h"

namespace kt::core::test {
namespace {

// A graph with two Linear nodes, as small as a graph can be, and a MoeExperts module.
void add_error_operators(FakeOperators& out) {
  out.add("cpu.linear", "Linear", 20, "cpu",
          {{"threads", KT_OPTION_INT, "1", "", {}, 1, 1024},
           {"pin", KT_OPTION_BOOL, "false", "", {}, 0, 0},
           {"weight_type", KT_OPTION_ENUM, "F32", "", {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q6_K"}, 0, 0}});
  out.add("cpu.moe", "MoeExperts", 20);
  out.add("cpu.rmsnorm", "RmsNorm", 20);
  out.add("cpu.attention", "Attention", 20);
}

FakeOperators error_operators() {
  FakeOperators out;
  add_error_operators(out);
  return out;
}

// The same, and enough more to bind the whole model.
FakeOperators all_operators() {
  FakeOperators out = cpu_operators();
  add_error_operators(out);
  return out;
}

class RuleError : public testing::TestWithParam<FileCase> {};

TEST_P(RuleError, HasItsTextAtItsPlace) {
  const FileCase& c = GetParam();
  const BindAttempt attempt = bind_text(c.file, golden_graph("deepseek_v3"), error_operators());
  ASSERT_FALSE(attempt.errors.empty());
  const Error& first = attempt.errors[0];
  EXPECT_EQ(std::to_string(first.place.line) + ":" + std::to_string(first.place.column), c.place) << first.text();
  EXPECT_EQ(first.message, c.message);
  EXPECT_EQ(first.hint, c.hint);
}

INSTANTIATE_TEST_SUITE_P(Table, RuleError, testing::ValuesIn(file_cases("errors.json")),
                         [](const auto& info) { return info.param.name; });

class AcceptedRules : public testing::TestWithParam<FileCase> {};

TEST_P(AcceptedRules, HaveNoErrors) {
  EXPECT_EQ(texts(bind_text(GetParam().file, golden_graph("deepseek_v3"), all_operators()).errors), "");
}

INSTANTIATE_TEST_SUITE_P(Table, AcceptedRules, testing::ValuesIn(file_cases("accepted.json")),
                         [](const auto& info) { return info.param.name; });

TEST(RuleErrors, OfOneFileComeTogetherInLineOrder) {
  const std::string file =
      "- match: {class: Liner}\n"
      "  replace: {class: cpu.linear}\n"
      "- match: {name: 'a(b'}\n"
      "  replace: {class: cpu.linear}\n"
      "- match: {class: Linear}\n"
      "  replace: {class: cpu.linear, kwargs: {threads: many}}\n";
  const BindAttempt attempt = bind_text(file, golden_graph("deepseek_v3"), error_operators());
  ASSERT_GE(attempt.errors.size(), 3u);
  EXPECT_EQ(attempt.errors[0].place.line, 1);
  EXPECT_EQ(attempt.errors[1].place.line, 3);
  EXPECT_EQ(attempt.errors[2].place.line, 6);
}

TEST(RuleErrors, AreAtMostTwenty) {
  std::string file;
  for (int i = 0; i < 30; ++i) file += "- match: {class: Liner}\n  replace: {class: cpu.linear}\n";
  EXPECT_EQ(bind_text(file, golden_graph("deepseek_v3"), error_operators()).errors.size(), 20u);
}

}  // namespace
}  // namespace kt::core::test
