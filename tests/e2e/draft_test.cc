// Guessed tokens change nothing but the speed: answers are the same token for token, and the cache is as if nothing had been
// guessed.
#include <numeric>
#include <random>

#include "core/serve/ngram_drafter.h"
#include "fixture.h"

namespace kt::core::test {
namespace {

std::vector<int32_t> guess(NgramDrafter& drafter, const std::vector<int32_t>& text, int32_t room = 100) {
  for (const int32_t id : text) drafter.accept(id);
  const auto out = drafter.draft(room);
  return {out.begin(), out.end()};
}

TEST(NgramDrafter, GuessesWhatFollowedTheLastTokensBefore) {
  NgramDrafter drafter(4);
  EXPECT_EQ(guess(drafter, {1, 2, 3, 4, 5, 6, 7, 2, 3}), (std::vector<int32_t>{4, 5, 6, 7}));
}

TEST(NgramDrafter, PrefersTheLongestAndThenTheLatestOccurrence) {
  NgramDrafter drafter(1);
  EXPECT_EQ(guess(drafter, {9, 1, 2, 5, 8, 1, 2, 6, 9, 1, 2}), std::vector<int32_t>{5});
  NgramDrafter latest(1);
  EXPECT_EQ(guess(latest, {1, 2, 5, 1, 2, 6, 1, 2}), std::vector<int32_t>{6});
}

TEST(NgramDrafter, GoesOnWithARepetitionBehindTheEndOfTheText) {
  NgramDrafter drafter(7);
  EXPECT_EQ(guess(drafter, {4, 5, 4, 5, 4, 5}), (std::vector<int32_t>{4, 5, 4, 5, 4, 5, 4}));
}

TEST(NgramDrafter, GuessesNothingOfNewTextAndNoMoreThanThereIsRoomFor) {
  NgramDrafter fresh(4), tight(4), none(0);
  EXPECT_TRUE(guess(fresh, {1, 2, 3, 4, 5}).empty());
  EXPECT_EQ(guess(tight, {1, 2, 3, 4, 1, 2}, 2), (std::vector<int32_t>{3, 4}));
  EXPECT_TRUE(guess(none, {1, 2, 3, 1, 2}).empty());
}

TEST(NgramDrafter, GuessesLessAfterRejectionsAndPausesAfterSeveral) {
  NgramDrafter drafter(7);
  const std::vector<int32_t> text = {1, 2, 1, 2, 1, 2};
  EXPECT_EQ(guess(drafter, text).size(), 7u);
  drafter.judge(7, 2);
  EXPECT_EQ(drafter.draft(100).size(), 2u);
  drafter.judge(2, 2);
  EXPECT_EQ(drafter.draft(100).size(), 4u);
  drafter.judge(4, 0);
  EXPECT_EQ(drafter.draft(100).size(), 1u);
  drafter.judge(1, 0);
  EXPECT_TRUE(drafter.draft(100).empty());
  EXPECT_TRUE(drafter.draft(100).empty());
  EXPECT_EQ(drafter.draft(100).size(), 1u);
}

struct Model {
  const char* name;
  const char* rules;
};

class Drafts : public testing::TestWithParam<Model> {
 protected:
  static bool is_trained() { return std::string(GetParam().name) == "kt-tiny"; }
  std::unique_ptr<Runtime> runtime(int32_t batch = 64) const {
    RuntimeOptions options = options_for(GetParam().name, GetParam().rules);
    if (is_trained()) options.model = std::string(KT_SOURCE_DIR) + "/models/bundled/kt-tiny";
    options.batch = batch;
    return open_runtime(options);
  }
};

GenerationResult answer(Runtime& runtime, const std::vector<int32_t>& prompt, const GenerationOptions& options,
                        int32_t context = 256) {
  const int64_t free_pages = runtime.pool().free_pages();
  GenerationResult out;
  {
    auto generation = Generation::open(runtime.executable(), runtime.pool());
    EXPECT_TRUE(generation.ok());
    auto result = generation->run(prompt, options, context, nullptr, nullptr);
    EXPECT_TRUE(result.ok()) << result.error().text();
    if (result.ok()) out = std::move(*result);
    // All tokens but the last are in the cache; that one too if a stop token came after it.
    const auto held = static_cast<int32_t>(prompt.size() + out.ids.size());
    EXPECT_EQ(generation->length(), out.finish == FinishReason::kStop ? held : held - 1);
  }
  EXPECT_EQ(runtime.pool().free_pages(), free_pages);
  return out;
}

// Random tokens, of which every other prompt repeats a part.
std::vector<std::vector<int32_t>> prompts() {
  std::mt19937 random(11);
  std::vector<std::vector<int32_t>> out;
  for (size_t i = 0; i < 6; ++i) {
    std::vector<int32_t> prompt(1 + random() % 40);
    for (int32_t& id : prompt) id = static_cast<int32_t>(random() % 300);
    if (i % 2 == 1) prompt.insert(prompt.end(), prompt.begin(), prompt.end());
    out.push_back(prompt);
  }
  return out;
}

TEST_P(Drafts, GiveTheSameAnswersAndSomeComeTrue) {
  const auto r = runtime();
  ASSERT_NE(r, nullptr);
  size_t accepted = 0, drafted = 0, steps = 0, tokens = 0;
  for (const auto& prompt : prompts()) {
    GenerationOptions options;
    options.sampling.temperature = 0;
    options.max_tokens = 60;
    const GenerationResult plain = answer(*r, prompt, options);
    EXPECT_EQ(plain.drafted, 0u);
    for (const int32_t most : {1, 3, 7}) {
      options.draft_tokens = most;
      const GenerationResult guessed = answer(*r, prompt, options);
      ASSERT_EQ(guessed.ids, plain.ids) << "with guesses of " << most;
      EXPECT_EQ(guessed.steps + guessed.accepted + 1, guessed.ids.size());
      EXPECT_LE(guessed.accepted, guessed.drafted);
      accepted += guessed.accepted, drafted += guessed.drafted, steps += guessed.steps, tokens += guessed.ids.size();
    }
  }
  EXPECT_GT(accepted, 0u);
  EXPECT_LT(steps, tokens);
  RecordProperty("accepted_percent", static_cast<int>(drafted ? 100 * accepted / drafted : 0));
}

TEST_P(Drafts, GiveTheSameSampledAnswersForASeed) {
  const auto r = runtime();
  ASSERT_NE(r, nullptr);
  size_t accepted = 0;
  for (const auto& prompt : prompts()) {
    GenerationOptions options;
    options.sampling.temperature = 0.3f;
    options.sampling.repeat_penalty = 1.05f;
    options.sampling.seed = 5;
    options.max_tokens = 40;
    const GenerationResult plain = answer(*r, prompt, options);
    options.draft_tokens = 5;
    const GenerationResult guessed = answer(*r, prompt, options);
    ASSERT_EQ(guessed.ids, plain.ids);
    accepted += guessed.accepted;
  }
  if (is_trained()) {  // sampled answers of random weights repeat nothing
    EXPECT_GT(accepted, 0u);
  }
}

TEST_P(Drafts, EndAtStopTokensAndAtTheContextAsWithout) {
  const auto r = runtime();
  ASSERT_NE(r, nullptr);
  std::vector<int32_t> prompt = prompts()[1];
  GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = 1000;
  const auto context = static_cast<int32_t>(prompt.size()) + 45;
  const GenerationResult plain = answer(*r, prompt, options, context);
  EXPECT_EQ(plain.ids.size(), 46u);
  options.draft_tokens = 7;
  EXPECT_EQ(answer(*r, prompt, options, context).ids, plain.ids);
  // Any token of the answer as the one that ends it.
  for (const size_t at : {0u, 9u, 20u, 33u, 45u}) {
    options.stop_tokens = {plain.ids[at]};
    options.draft_tokens = 0;
    const GenerationResult stopped = answer(*r, prompt, options, context);
    options.draft_tokens = 7;
    EXPECT_EQ(answer(*r, prompt, options, context).ids, stopped.ids) << at;
  }
}

TEST_P(Drafts, LookThroughAllThatTheSequenceHolds) {
  const auto r = runtime();
  ASSERT_NE(r, nullptr);
  size_t drafted_alone = 0, drafted_later = 0;
  for (const auto& prompt : prompts()) {
    GenerationOptions options;
    options.sampling.temperature = 0;
    options.max_tokens = 20;
    std::vector<int32_t> answers[2];
    for (const int32_t draft : {0, 7}) {
      options.draft_tokens = draft;
      auto generation = Generation::open(r->executable(), r->pool());
      ASSERT_TRUE(generation.ok());
      for (const bool later : {false, true}) {  // the same prompt again, behind the first answer
        const auto result = generation->run(prompt, options, 256, nullptr, nullptr);
        ASSERT_TRUE(result.ok()) << result.error().text();
        (later ? drafted_later : drafted_alone) += result->drafted;
        answers[draft > 0].insert(answers[draft > 0].end(), result->ids.begin(), result->ids.end());
      }
    }
    EXPECT_EQ(answers[0], answers[1]);
  }
  if (is_trained()) {  // random weights tell no story twice
    EXPECT_GT(drafted_later, drafted_alone);
  }
}

TEST_P(Drafts, FitTheRowsThatARunMayHave) {
  const auto one = runtime(1), three = runtime(3);
  GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = 30;
  const auto prompt = prompts()[3];
  const std::vector<int32_t> plain = answer(*one, prompt, options).ids;
  options.draft_tokens = 7;
  const GenerationResult single = answer(*one, prompt, options), triple = answer(*three, prompt, options);
  EXPECT_EQ(single.ids, plain);
  EXPECT_EQ(single.drafted, 0u);
  EXPECT_EQ(triple.ids, plain);
}

INSTANTIATE_TEST_SUITE_P(Models, Drafts,
                         testing::Values(Model{"kt-tiny", "base/cpu.yaml"}, Model{"kt-tiny", "base/cpu-exact.yaml"},
                                         Model{"models/qwen2_swa", "base/cpu.yaml"}, Model{"models/qwen3_moe", "base/cpu.yaml"}),
                         [](const auto& info) {
                           std::string name = std::string(info.param.name) + "_" + info.param.rules;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
                               '_');
                           return name;
                         });

}  // namespace
}  // namespace kt::core::test
