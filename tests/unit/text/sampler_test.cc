// The laws of sampling: order, filters at their borders, distributions by counting.
#include "core/text/sampler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "core/text/candidates.h"
#include "core/text/dry.h"
#include "tests/unit/text/golden.h"

namespace kt::core {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Draws from the model's distribution, without any filter.
SamplingParams plain(uint64_t seed = 1) {
  SamplingParams params;
  params.temperature = 1;
  params.top_k = 0;
  params.top_p = 1;
  params.min_p = 0;
  params.seed = seed;
  return params;
}

SamplingParams greedy() {
  SamplingParams params = plain();
  params.temperature = 0;
  return params;
}

int32_t sampled(Sampler& sampler, const std::vector<float>& logits) {
  const auto id = sampler.sample(logits);
  EXPECT_TRUE(id.ok()) << id.error().text();
  return id.ok() ? *id : -1;
}

int32_t sample_once(const SamplingParams& params, const std::vector<float>& logits, const std::vector<int32_t>& history = {}) {
  Sampler sampler(params);
  for (const int32_t id : history) sampler.accept(id);
  return sampled(sampler, logits);
}

// How often each token comes in `draws`.
std::map<int32_t, int> counts(const SamplingParams& params, const std::vector<float>& logits, int draws) {
  Sampler sampler(params);
  std::map<int32_t, int> out;
  for (int i = 0; i < draws; ++i) ++out[sampled(sampler, logits)];
  return out;
}

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> out;
  for (const double p : probabilities) out.push_back(static_cast<float>(std::log(p)));
  return out;
}

Candidates candidates_of(const std::vector<double>& probabilities) { return best_candidates(logits_of(probabilities), 0); }

std::vector<int32_t> ids(const Candidates& candidates) {
  std::vector<int32_t> out;
  for (const Candidate& c : candidates) out.push_back(c.id);
  return out;
}

TEST(Random, GivesTheNumbersOfThePublishedAlgorithm) {
  // xoshiro256++ from the state that SplitMix64 makes of 0, computed from the two published listings with other code.
  Random random(0);
  EXPECT_EQ(random.next(), 5987356902031041503u);
  EXPECT_EQ(random.next(), 7051070477665621255u);
  EXPECT_EQ(random.next(), 6633766593972829180u);
  Random uniform(3);
  for (int i = 0; i < 1000; ++i) {
    const double value = uniform.uniform();
    EXPECT_TRUE(value >= 0 && value < 1);
  }
}

TEST(Greedy, TakesTheLargestLogitAndTheLowestIdAmongEquals) {
  EXPECT_EQ(sample_once(greedy(), {1, 3, 2}), 1);
  EXPECT_EQ(sample_once(greedy(), {1, 3, 3, 3}), 1);
  EXPECT_EQ(sample_once(greedy(), {-kInfinity, -5, -kInfinity}), 1);
  EXPECT_EQ(sample_once(greedy(), {0, std::nextafter(1.0f, 2.0f), 1.0f}), 1);
}

TEST(Greedy, IgnoresTheFilters) {
  SamplingParams params;
  params.temperature = 0;
  params.typical_p = 0.01f;
  EXPECT_EQ(sample_once(params, logits_of({0.5, 0.3, 0.2})), 0);
}

TEST(Sample, RefusesLogitsThatAreNotNumbers) {
  for (const float bad : {kNan, kInfinity}) {
    for (const SamplingParams& params : {greedy(), plain()}) {
      Sampler sampler(params);
      const auto id = sampler.sample(std::vector<float>{1, bad, 2});
      ASSERT_FALSE(id.ok());
      EXPECT_EQ(exit_code(id.error().code), static_cast<int>(Exit::kRuntime));
      EXPECT_EQ(id.error().message, "the model's logit of token 1 is not a number");
    }
  }
  Sampler sampler(plain());
  EXPECT_FALSE(sampler.sample(std::vector<float>{-kInfinity, -kInfinity}).ok());
  EXPECT_FALSE(sampler.sample(std::vector<float>{}).ok());
}

TEST(Sample, FollowsTheDistribution) {
  const std::vector<double> probabilities{0.5, 0.25, 0.15, 0.1};
  constexpr int kDraws = 20000;
  const auto seen = counts(plain(11), logits_of(probabilities), kDraws);
  for (size_t i = 0; i < probabilities.size(); ++i) {
    const double p = probabilities[i], deviation = std::sqrt(kDraws * p * (1 - p));
    EXPECT_NEAR(seen.at(static_cast<int32_t>(i)), kDraws * p, 5 * deviation);
  }
}

TEST(Sample, TemperatureSharpensAndFlattens) {
  const std::vector<float> logits{std::log(4.0f), 0};
  constexpr int kDraws = 20000;
  for (const double temperature : {0.5, 2.0}) {
    SamplingParams params = plain(5);
    params.temperature = static_cast<float>(temperature);
    const double p = 1 / (1 + std::pow(4.0, -1 / temperature)), deviation = std::sqrt(kDraws * p * (1 - p));
    EXPECT_NEAR(counts(params, logits, kDraws).at(0), kDraws * p, 5 * deviation);
  }
}

TEST(Sample, IsTheSameForTheSameSeed) {
  const std::vector<float> logits(100, 0.0f);
  Sampler a(plain(42)), b(plain(42)), c(plain(43));
  int equal = 0, other = 0;
  for (int i = 0; i < 50; ++i) {
    const int32_t first = sampled(a, logits);
    equal += first == sampled(b, logits);
    other += first == sampled(c, logits);
  }
  EXPECT_EQ(equal, 50);
  EXPECT_LT(other, 10);
}

TEST(Sample, WithoutASeedDiffersFromRunToRun) {
  SamplingParams params = plain();
  params.seed.reset();
  const std::vector<float> logits(1000, 0.0f);
  Sampler a(params), b(params);
  int equal = 0;
  for (int i = 0; i < 20; ++i) equal += sampled(a, logits) == sampled(b, logits);
  EXPECT_LT(equal, 5);
}

TEST(TopK, KeepsTheBestAndAmongEqualsTheLowestIds) {
  EXPECT_EQ(ids(best_candidates(std::vector<float>{1, 5, 3, 5, 4}, 3)), (std::vector<int32_t>{1, 3, 4}));
  EXPECT_EQ(ids(best_candidates(std::vector<float>{2, 2, 2, 2}, 2)), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(best_candidates(std::vector<float>{1, 2}, 2).size(), 2u);
  EXPECT_EQ(best_candidates(std::vector<float>{1, 2}, 3).size(), 2u);
  EXPECT_EQ(best_candidates(std::vector<float>{1, -kInfinity, 2}, 0).size(), 2u);
}

TEST(TopP, KeepsTheFewestThatReachTheShare) {
  const std::vector<double> probabilities{0.5, 0.25, 0.125, 0.125};
  const auto kept = [&](double p) {
    Candidates candidates = candidates_of(probabilities);
    keep_top_p(&candidates, p);
    return candidates.size();
  };
  EXPECT_EQ(kept(0), 1u);
  EXPECT_EQ(kept(0.4999), 1u);
  EXPECT_EQ(kept(0.5001), 2u);
  EXPECT_EQ(kept(0.7499), 2u);
  EXPECT_EQ(kept(0.7501), 3u);
  EXPECT_EQ(kept(1), 4u);
}

TEST(MinP, KeepsThoseNearTheBest) {
  const std::vector<double> probabilities{0.5, 0.25, 0.15, 0.1};
  const auto kept = [&](double p) {
    Candidates candidates = candidates_of(probabilities);
    keep_min_p(&candidates, p);
    return candidates.size();
  };
  EXPECT_EQ(kept(0.19), 4u);
  EXPECT_EQ(kept(0.21), 3u);
  EXPECT_EQ(kept(0.49), 2u);
  EXPECT_EQ(kept(0.51), 1u);
  EXPECT_EQ(kept(1), 1u);
}

TEST(Typical, PrefersTokensOfTheExpectedSurprise) {
  // Entropy 1.089 nats; surprises 0.511, 1.609, 2.303, 2.303: the distances are 0.578, 0.521, 1.214, 1.214.
  const std::vector<double> probabilities{0.6, 0.2, 0.1, 0.1};
  const auto kept = [&](double p) {
    Candidates candidates = candidates_of(probabilities);
    keep_typical(&candidates, p);
    return ids(candidates);
  };
  EXPECT_EQ(kept(0.19), (std::vector<int32_t>{1}));
  EXPECT_EQ(kept(0.21), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(kept(0.81), (std::vector<int32_t>{0, 1, 2}));
  // Entropy 1.608; the surprise of the most likely token is 0.916, of those with 0.15 it is 1.897.
  Candidates flat = candidates_of({0.4, 0.15, 0.15, 0.15, 0.07, 0.08});
  keep_typical(&flat, 0.29);
  EXPECT_EQ(ids(flat), (std::vector<int32_t>{1, 2}));
}

TEST(Filters, WorkTogetherInTheirOrder) {
  SamplingParams params = plain(3);
  params.top_k = 3;
  params.top_p = 0.8f;  // of the three that are left: 0.5, 0.333, 0.167
  const auto seen = counts(params, logits_of({0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1}), 2000);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen.contains(0) && seen.contains(1));
}

TEST(LogitBias, AddsAndForbids) {
  SamplingParams params = greedy();
  params.logit_bias = {{0, 5.0f}};
  EXPECT_EQ(sample_once(params, {1, 3, 2}), 0);
  params.logit_bias = {{1, -kInfinity}};
  EXPECT_EQ(sample_once(params, {1, 3, 2}), 2);
  params.logit_bias = {{7, 1.0f}};
  Sampler sampler(params);
  const auto id = sampler.sample(std::vector<float>{1, 3, 2});
  ASSERT_FALSE(id.ok());
  EXPECT_EQ(id.error().message, "--logit-bias: there is no token 7");
}

TEST(RepeatPenalty, DividesPositiveAndMultipliesNegativeLogitsOnce) {
  SamplingParams params = greedy();
  params.repeat_penalty = 2;
  EXPECT_EQ(sample_once(params, {3, 1.4f}, {0}), 0);
  EXPECT_EQ(sample_once(params, {3, 1.6f}, {0}), 1);
  EXPECT_EQ(sample_once(params, {3, 1.4f}, {0, 0, 0}), 0);
  EXPECT_EQ(sample_once(params, {-1, -1.9f}, {0}), 1);
  EXPECT_EQ(sample_once(params, {-1, -2.1f}, {0}), 0);
}

TEST(FrequencyAndPresencePenalty, CountOccurrences) {
  SamplingParams params = greedy();
  params.frequency_penalty = 0.5f;
  EXPECT_EQ(sample_once(params, {2, 0.9f}, {0, 0}), 0);
  EXPECT_EQ(sample_once(params, {2, 1.1f}, {0, 0}), 1);
  params = greedy();
  params.presence_penalty = 0.5f;
  EXPECT_EQ(sample_once(params, {2, 1.4f}, {0, 0}), 0);
  EXPECT_EQ(sample_once(params, {2, 1.6f}, {0, 0}), 1);
}

TEST(Penalties, LookBackOverTheirWindowOnly) {
  SamplingParams params = greedy();
  params.presence_penalty = 5;
  for (const auto& [window, expected] : std::map<int32_t, int32_t>{{0, 0}, {2, 0}, {3, 1}, {-1, 1}}) {
    params.repeat_last_n = window;
    EXPECT_EQ(sample_once(params, {2, 1, 0, 0}, {0, 2, 3}), expected) << window;
  }
}

TEST(Dry, PenalisesWhatWouldContinueARepeat) {
  const std::vector<int32_t> history{1, 2, 3, 4, 9, 1, 2, 3};  // 4 followed "1 2 3"
  std::vector<float> logits(10, 0.0f);
  apply_dry({.multiplier = 0.5, .base = 2, .allowed_length = 2, .breakers = {}}, history, logits);
  for (size_t id = 0; id < logits.size(); ++id) EXPECT_FLOAT_EQ(logits[id], id == 4 ? -1.0f : 0.0f) << id;  // 0.5 * 2^(3 - 2)
}

TEST(Dry, FreesRepeatsUpToTheAllowedLengthAndStopsAtBreakers) {
  const std::vector<int32_t> history{1, 2, 3, 4, 9, 1, 2, 3};
  const auto penalty = [&](int32_t allowed, std::vector<int32_t> breakers) {
    std::vector<float> logits(10, 0.0f);
    apply_dry({.multiplier = 1, .base = 2, .allowed_length = allowed, .breakers = breakers}, history, logits);
    return -logits[4];
  };
  EXPECT_FLOAT_EQ(penalty(3, {}), 1);
  EXPECT_FLOAT_EQ(penalty(4, {}), 0);
  EXPECT_FLOAT_EQ(penalty(1, {2}), 1);  // only "3" is behind the last breaker
  EXPECT_FLOAT_EQ(penalty(2, {2}), 0);
  EXPECT_FLOAT_EQ(penalty(1, {4}), 0);  // a breaker itself is never penalised
}

TEST(Dry, AgreesWithTheDefinitionOnRandomTexts) {
  Random random(9);
  for (int round = 0; round < 200; ++round) {
    std::vector<int32_t> history(1 + random.next() % 40);
    for (int32_t& id : history) id = static_cast<int32_t>(random.next() % 3);
    std::vector<float> logits(3, 0.0f), expected(3, 0.0f);
    apply_dry({.multiplier = 1, .base = 1.5, .allowed_length = 2, .breakers = {}}, history, logits);
    std::map<int32_t, int> longest;
    for (int end = 0; end + 1 < static_cast<int>(history.size()); ++end) {
      int length = 0;
      while (length <= end &&
             history[static_cast<size_t>(end - length)] == history[history.size() - 1 - static_cast<size_t>(length)])
        ++length;
      int& best = longest[history[static_cast<size_t>(end) + 1]];
      best = std::max(best, length);
    }
    for (const auto& [id, length] : longest)
      if (length >= 2) expected[static_cast<size_t>(id)] = -static_cast<float>(std::pow(1.5, length - 2));
    for (size_t id = 0; id < 3; ++id) EXPECT_FLOAT_EQ(logits[id], expected[id]);
  }
}

TEST(Dry, StaysFiniteAndLinearOnLongRepeats) {
  SamplingParams params = greedy();
  params.dry_multiplier = 1;
  Sampler sampler(params);
  for (int i = 0; i < 200000; ++i) sampler.accept(1);
  EXPECT_EQ(sampled(sampler, {0, 100, -1}), 0);
}

TEST(DryBreakers, AreTheTokensWithLineBreaksColonsQuotesAndStars) {
  const Tokenizer tokenizer = golden_tokenizer("tokenizers/gpt2");
  const std::vector<int32_t> breakers = dry_breakers(tokenizer);
  for (const char* text : {"\n", ":", "\"", "*"}) {
    const auto token = tokenizer.encode(text, {});
    ASSERT_EQ(token.size(), 1u);
    EXPECT_TRUE(std::find(breakers.begin(), breakers.end(), token[0]) != breakers.end()) << text;
  }
  EXPECT_EQ(std::find(breakers.begin(), breakers.end(), tokenizer.encode("a", {})[0]), breakers.end());
}

TEST(Validate, NamesTheFlagThatIsOutOfRange) {
  EXPECT_TRUE(SamplingParams().validate().ok());
  const auto message = [](auto change) {
    SamplingParams params;
    change(params);
    const Status status = params.validate();
    EXPECT_FALSE(status.ok());
    if (status.ok()) return std::string();
    EXPECT_EQ(exit_code(status.error().code), static_cast<int>(Exit::kUsage));
    return status.error().message.substr(0, status.error().message.find(' '));
  };
  EXPECT_EQ(message([](SamplingParams& p) { p.temperature = -1; }), "--temp");
  EXPECT_EQ(message([](SamplingParams& p) { p.temperature = kNan; }), "--temp");
  EXPECT_EQ(message([](SamplingParams& p) { p.top_k = -1; }), "--top-k");
  EXPECT_EQ(message([](SamplingParams& p) { p.top_p = 1.1f; }), "--top-p");
  EXPECT_EQ(message([](SamplingParams& p) { p.min_p = -0.1f; }), "--min-p");
  EXPECT_EQ(message([](SamplingParams& p) { p.typical_p = 2; }), "--typical");
  EXPECT_EQ(message([](SamplingParams& p) { p.repeat_last_n = -2; }), "--repeat-last-n");
  EXPECT_EQ(message([](SamplingParams& p) { p.repeat_penalty = 0; }), "--repeat-penalty");
  EXPECT_EQ(message([](SamplingParams& p) { p.frequency_penalty = kInfinity; }), "--frequency-penalty");
  EXPECT_EQ(message([](SamplingParams& p) { p.presence_penalty = kNan; }), "--presence-penalty");
  EXPECT_EQ(message([](SamplingParams& p) { p.dry_multiplier = -1; }), "--dry-multiplier");
  EXPECT_EQ(message([](SamplingParams& p) { p.dry_base = 0.5f; }), "--dry-base");
  EXPECT_EQ(message([](SamplingParams& p) { p.dry_allowed_length = -1; }), "--dry-allowed-length");
  EXPECT_EQ(message([](SamplingParams& p) { p.logit_bias = {{-1, 0.0f}}; }), "--logit-bias:");
}

}  // namespace
}  // namespace kt::core
