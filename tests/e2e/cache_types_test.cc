// The types that a KV cache may have: what they cost in quality and take in memory, and that they break none of the laws.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <random>

#include "fixture.h"

namespace kt::core::test {
namespace {

RuntimeOptions tiny(const std::string& cache_type, const char* rules = "base/cpu-exact.yaml") {
  RuntimeOptions options = options_for("", rules);
  options.model = std::string(KT_SOURCE_DIR) + "/models/bundled/kt-tiny";
  options.cache_type = cache_type;
  return options;
}

std::vector<int32_t> random_ids(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> out(count);
  for (int32_t& id : out) id = static_cast<int32_t>(random() % 300);
  return out;
}

double log_perplexity(const std::string& cache_type) {
  RuntimeOptions options = tiny(cache_type);
  options.need_tokenizer = true;
  const auto runtime = open_runtime(options);
  const std::string text = read_text(options.model + "/heldout.txt").substr(0, 6000);
  const auto ids = runtime->tokenizer()->encode(text, {.add_special = false, .parse_special = false});
  const auto result = perplexity(*runtime, {ids, static_cast<int32_t>(runtime->tokenizer()->bos()), 200}, nullptr, {});
  EXPECT_TRUE(result.ok()) << result.error().text();
  return result.ok() ? std::log(result->perplexity) : NAN;
}

TEST(CacheTypes, MoveThePerplexityByLessThanTheyRound) {
  const double exact = log_perplexity("f32");
  const struct {
    const char* name;
    double rounding;  // largest error of an element, by the largest of its block
  } types[] = {{"f16", 1.0 / 2048}, {"bf16", 1.0 / 256}, {"q8_0", 0.5 / 127}, {"q4_0", 0.5 / 8}};
  for (const auto& type : types) {
    const double moved = std::fabs(log_perplexity(type.name) - exact);
    EXPECT_LE(moved, type.rounding) << type.name;
    RecordProperty(type.name, std::to_string(moved));
  }
}

TEST(CacheTypes, TakeTheBytesOfTheirRows) {
  // Five layers of one latent row of 64 + 16 elements: three blocks of 32.
  const struct {
    const char* name;
    uint64_t row;
  } types[] = {{"f32", 80 * 4}, {"f16", 80 * 2}, {"bf16", 80 * 2}, {"q8_0", 3 * 34}, {"q4_0", 3 * 18}};
  for (const auto& type : types) {
    const auto runtime = open_runtime(tiny(type.name));
    EXPECT_EQ(runtime->pool().bytes(), 4 * 256 * 5 * type.row) << type.name;
  }
}

class SmallCaches : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {
 protected:
  std::unique_ptr<Runtime> runtime(int32_t batch, int threads) const {
    const auto& [model, rules, type] = GetParam();
    RuntimeOptions options = std::string(model) == "kt-tiny" ? tiny(type, rules) : options_for(model, rules);
    options.cache_type = type;
    options.batch = batch;
    options.threads = threads;
    return open_runtime(options);
  }
};

TEST_P(SmallCaches, KeepTheLawsOfBatching) {
  const auto ids = random_ids(90, 3);
  const auto whole = all_logits(*runtime(192, 2), ids);
  for (const int32_t chunk : {1, 3, 8, 37})
    EXPECT_EQ(all_logits(*runtime(chunk, 1 + chunk % 3), ids), whole) << "chunks of " << chunk;
}

TEST_P(SmallCaches, ForgetRejectedGuesses) {
  const auto r = runtime(64, 2);
  GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = 60;
  for (uint32_t seed = 0; seed < 6; ++seed) {
    const auto prompt = random_ids(20 + seed, seed);
    std::vector<int32_t> answers[2];
    for (const int32_t draft : {0, 7}) {
      options.draft_tokens = draft;
      auto generation = Generation::open(r->executable(), r->pool());
      ASSERT_TRUE(generation.ok());
      const auto result = generation->run(prompt, options, 256, nullptr, nullptr);
      ASSERT_TRUE(result.ok()) << result.error().text();
      answers[draft > 0] = result->ids;
    }
    EXPECT_EQ(answers[0], answers[1]);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SmallCaches,
                         testing::Combine(testing::Values("kt-tiny", "models/qwen2_swa"),
                                          testing::Values("base/ref.yaml", "base/cpu.yaml"), testing::Values("q8_0", "q4_0")),
                         [](const auto& info) {
                           std::string name = std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param) + "_" +
                                              std::get<2>(info.param);
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
                               '_');
                           return name;
                         });

class CacheRules : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  RuntimeOptions with(const std::string& rules, const std::string& cache_type) {
    const std::string path = folder_ + "/rules.yaml";
    std::ofstream(path) << rules;
    RuntimeOptions options = tiny(cache_type);
    options.rules = {path};
    return options;
  }
  std::string folder_ = testing::TempDir() + "kt_cache_rules_" + std::to_string(getpid());
};

TEST_F(CacheRules, ARuleGivesALayerATypeOfItsOwn) {
  const auto runtime =
      open_runtime(with("kt_rules: 1\nextends: [base/cpu-exact.yaml]\nrules:\n  - match: { class: MlaCore, layers: 1-2 }\n"
                        "    replace: { operator: cpu.mla, device: cpu, options: { cache: q8_0 } }\n",
                        "bf16"));
  ASSERT_NE(runtime, nullptr);
  for (KtState state = 0; state < 5; ++state)
    EXPECT_EQ(runtime->pool().keys(state).dtype, state == 1 || state == 2 ? KT_Q8_0 : KT_BF16) << state;
  const auto ids = random_ids(30, 1);
  EXPECT_EQ(all_logits(*runtime, ids).size(), ids.size());
}

TEST_F(CacheRules, APhaseThatLeavesItOpenFollowsTheOther) {
  const auto runtime =
      open_runtime(with("kt_rules: 1\nextends: [base/cpu-exact.yaml]\nrules:\n  - match: { class: MlaCore, phase: prefill }\n"
                        "    replace: { operator: cpu.mla, device: cpu, options: { cache: q8_0 } }\n",
                        "auto"));
  ASSERT_NE(runtime, nullptr);
  for (KtState state = 0; state < 5; ++state) EXPECT_EQ(runtime->pool().keys(state).dtype, KT_Q8_0) << state;
}

TEST_F(CacheRules, PhasesThatDisagreeAreRefused) {
  std::string rules = "kt_rules: 1\nextends: [base/cpu-exact.yaml]\nrules:\n";
  for (const auto& [phase, type] : {std::pair{"prefill", "q8_0"}, std::pair{"decode", "f16"}})
    rules += std::string("  - match: { class: MlaCore, phase: ") + phase +
             " }\n    replace: { operator: cpu.mla, device: cpu, options: { cache: " + type + " } }\n";
  const auto runtime = Runtime::open(registry(), with(rules, "auto"));
  ASSERT_FALSE(runtime.ok());
  EXPECT_EQ(runtime.error().code, 206) << runtime.error().text();
}

}  // namespace
}  // namespace kt::core::test
