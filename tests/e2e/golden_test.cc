// Logits and greedy continuations of the golden models against the reference implementation.
#include <cmath>

#include "fixture.h"

namespace kt::core::test {
namespace {

struct Case {
  const char* model;     // below tests/golden
  const char* expected;  // its golden.json
};

constexpr Case kCases[] = {
    {"models/llama", "models/llama/golden.json"},
    {"models/llama_spm", "models/llama_spm/golden.json"},
    {"models/qwen2", "models/qwen2/golden.json"},
    {"models/qwen2_swa", "models/qwen2_swa/golden.json"},
    {"models/qwen2_moe", "models/qwen2_moe/golden.json"},
    {"models/qwen3", "models/qwen3/golden.json"},
    {"models/qwen3_moe", "models/qwen3_moe/golden.json"},
    {"models/deepseek_v2", "models/deepseek_v2/golden.json"},
    {"models/deepseek_v2_lite", "models/deepseek_v2_lite/golden.json"},
    {"models/deepseek_v3", "models/deepseek_v3/golden.json"},
    {"models/kimi_k2", "models/kimi_k2/golden.json"},
    {"models/mixtral", "models/mixtral/golden.json"},
    {"gguf/llama-f16.gguf", "gguf/llama-f16.golden.json"},
    {"gguf/llama-q8_0.gguf", "gguf/llama-q8_0.golden.json"},
    {"gguf/qwen2-f32.gguf", "gguf/qwen2-f32.golden.json"},
    {"gguf/qwen2-q4_0.gguf", "gguf/qwen2-q4_0.golden.json"},
    {"gguf/qwen3_moe-q8_0.gguf", "gguf/qwen3_moe-q8_0.golden.json"},
    {"gguf/qwen3_moe-q4_1.gguf", "gguf/qwen3_moe-q4_1.golden.json"},
    {"gguf/deepseek_v2-q8_0.gguf", "gguf/deepseek_v2-q8_0.golden.json"},
    {"gguf/deepseek_v3-q8_0.gguf", "gguf/deepseek_v3-q8_0.golden.json"},
    {"gguf/deepseek_v3-bf16.gguf", "gguf/deepseek_v3-bf16.golden.json"},
    {"gguf/llama_wide-q2_k.gguf", "gguf/llama_wide-q2_k.golden.json"},
    {"gguf/llama_wide-q4_k_m.gguf", "gguf/llama_wide-q4_k_m.golden.json"},
    {"gguf/llama_wide-q5_k_s.gguf", "gguf/llama_wide-q5_k_s.golden.json"},
    {"gguf/llama_wide-iq4_xs.gguf", "gguf/llama_wide-iq4_xs.golden.json"},
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.model; }

// Rows whose best token leads by more than `margin` have the reference's best token.
void expect_same_best(const std::vector<float>& found, const std::vector<double>& expected, double margin,
                      const std::string& where) {
  std::vector<double> sorted = expected;
  std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
  if (sorted[0] - sorted[1] <= margin) return;
  EXPECT_EQ(argmax(found), std::max_element(expected.begin(), expected.end()) - expected.begin()) << where;
}

std::vector<int32_t> greedy(Runtime& runtime, const std::vector<int32_t>& prompt, size_t count) {
  auto generation = Generation::open(runtime.executable(), runtime.pool());
  EXPECT_TRUE(generation.ok());
  GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = static_cast<int32_t>(count);
  auto result = generation->run(prompt, options, runtime.context(), nullptr, nullptr);
  EXPECT_TRUE(result.ok()) << result.error().text();
  return result.ok() ? result->ids : std::vector<int32_t>();
}

void expect_reference(Runtime& runtime, const Json& expected) {
  const double tolerance = expected["tolerances"]["logits_atol_f32"];
  for (const Json& prompt : expected["prompts"]) {
    SCOPED_TRACE(prompt["name"].get<std::string>());
    const auto ids = prompt["prompt_ids"].get<std::vector<int32_t>>();
    const auto rows = all_logits(runtime, ids);
    EXPECT_LE(max_difference(rows.back(), prompt["logits_last"]), tolerance);
    if (prompt.contains("logits_mid")) {
      EXPECT_LE(max_difference(rows[prompt["mid_position"].get<size_t>()], prompt["logits_mid"]), tolerance);
    }
    if (prompt.contains("argmax_per_position")) {
      std::vector<int32_t> best;
      for (const auto& row : rows) best.push_back(argmax(row));
      EXPECT_EQ(best, prompt["argmax_per_position"].get<std::vector<int32_t>>());
    }
    if (prompt.contains("greedy")) {
      const auto continuation = prompt["greedy"].get<std::vector<int32_t>>();
      EXPECT_EQ(greedy(runtime, ids, continuation.size()), continuation);
    }
  }
}

class Golden : public testing::TestWithParam<std::tuple<Case, const char*>> {};

TEST_P(Golden, LogitsAndGreedyContinuationsAreThoseOfTheReference) {
  const auto& [c, rules] = GetParam();
  const auto runtime = open_runtime(options_for(c.model, rules));
  ASSERT_NE(runtime, nullptr);
  // Matrices stay as they lie in the files.
  const MemoryUse& memory = runtime->executable().memory();
  EXPECT_LE(memory.copies, memory.weights / 8);
  expect_reference(*runtime, read_json(golden(c.expected)));
}

std::string case_name(const std::string& model, const std::string& rules) {
  std::string out = model.substr(model.find('/') + 1) + "_" + (rules.empty() ? "auto" : rules.substr(rules.rfind('/') + 1));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return out;
}

INSTANTIATE_TEST_SUITE_P(Models, Golden,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values("base/ref.yaml", "base/cpu-exact.yaml", "base/mixed.yaml")),
                         [](const auto& info) { return case_name(std::get<0>(info.param).model, std::get<1>(info.param)); });

class Default : public testing::TestWithParam<Case> {};

TEST_P(Default, TheBestTokenIsTheReferencesWhereItLeadsClearly) {
  const auto runtime = open_runtime(options_for(GetParam().model, ""));
  ASSERT_NE(runtime, nullptr);
  for (const Json& prompt : read_json(golden(GetParam().expected))["prompts"]) {
    SCOPED_TRACE(prompt["name"].get<std::string>());
    const auto rows = all_logits(*runtime, prompt["prompt_ids"].get<std::vector<int32_t>>());
    expect_same_best(rows.back(), prompt["logits_last"], 0.3, "last");
    if (prompt.contains("logits_mid"))
      expect_same_best(rows[prompt["mid_position"].get<size_t>()], prompt["logits_mid"], 0.3, "mid");
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Default, testing::ValuesIn(kCases),
                         [](const auto& info) { return case_name(info.param.model, ""); });

}  // namespace
}  // namespace kt::core::test
