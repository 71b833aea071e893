// Damaged rule files never end the process: whatever the bytes are, the answer is rules or errors with a place.
#include <gtest/gtest.h>

#include <ctime>
#include <random>

#include "tests/unit/rules/fixture.h"

namespace kt::core::test {
namespace {

const char* const kSeeds[] = {
    "kt_rules: 1\nvars: { gpu: \"cuda:0\" }\nplacement:\n  - { layers: 0-29, device: cpu }\nrules:\n  - name: experts\n    "
    "match: { class: MoeExperts, "
    "name: '^model\\.(?!x)' }\n    when: device(\"${gpu}\") or isa(avx2)\n    replace: { operator: [cpu.moe, \"cpu.*\"], "
    "options: { tile: avx2 } }\n",
    "- match:\n    name: \"^model\\\\.layers\\\\..*\\\\.mlp\\\\.experts$\"\n  replace:\n    class: "
    "ktransformers.operators.experts.KTransformersExperts\n"
    "    kwargs:\n      generate_device: \"cpu\"\n      generate_op: \"KExpertsCPU\"\n      transfer_map: {1: cpu}\n  recursive: "
    "False\n- &a [b, *a]\n"};

std::string damaged(std::string text, std::mt19937& random) {
  static constexpr char kBytes[] =
      "\0\t\n \"'#&*!|>%@`{}[],:?-<\\$\xFF\xC3\xEF"
      "a0";
  for (unsigned edits = 1 + random() % 4; edits > 0; --edits) {
    const size_t at = random() % (text.size() + 1);
    const char byte = kBytes[random() % (sizeof kBytes - 1)];
    switch (random() % 4) {
      case 0:
        text.insert(at, 1, byte);
        break;
      case 1:
        text.erase(at, 1 + random() % 8);
        break;
      case 2:
        text.insert(at, text.substr(random() % (text.size() + 1), random() % 32));
        break;
      default:
        if (at < text.size()) text[at] = byte;
    }
  }
  return text;
}

TEST(DamagedRules, AreRefusedWithAPlaceOrRead) {
  std::mt19937 random(20261125);
  const Graph& graph = golden_graph("qwen3_moe");
  const FakeOperators operators = cpu_operators();
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string text = damaged(kSeeds[i % 2], random);
    const BindAttempt attempt = bind_text(text, graph, operators);
    refused += !attempt.errors.empty();
    for (const Error& error : attempt.errors) {
      EXPECT_EQ(exit_code(error.code), 3) << error.text();
      EXPECT_FALSE(error.message.empty());
      EXPECT_TRUE(error.place.file.empty() || error.place.line > 0) << error.text() << "\n" << text;
    }
  }
  EXPECT_GT(refused, 500);
}

TEST(DamagedRules, CutAnywhereAreRefusedOrRead) {
  const Graph& graph = golden_graph("llama");
  const FakeOperators operators = cpu_operators();
  for (const std::string text : kSeeds)
    for (size_t length = 0; length < text.size(); ++length)
      for (const Error& error : bind_text(text.substr(0, length), graph, operators).errors)
        EXPECT_EQ(exit_code(error.code), 3) << error.text();
}

// Each is fast on the names that are tried first and slow on those of the shared experts.
TEST(DamagedRules, SlowExpressionsEndInErrorsSoon) {
  std::string file = "kt_rules: 1\nrules:\n";
  for (int i = 0; i < 900; ++i)
    file += "  - match: {name: 'shared_experts(([._a-z]+)*)*([0-9]|Q" + std::to_string(i) +
            ")$'}\n    replace: {operator: cpu.linear}\n";
  const std::clock_t start = std::clock();
  const BindAttempt attempt = bind_text(file, golden_graph("deepseek_v3"), cpu_operators());
  EXPECT_LT(std::clock() - start, 10 * CLOCKS_PER_SEC);
  ASSERT_FALSE(attempt.errors.empty());  // a fast processor finds that none matches, another that the search takes too long
  for (const Error& error : attempt.errors) EXPECT_EQ(exit_code(error.code), 3) << error.text();
}

}  // namespace
}  // namespace kt::core::test
