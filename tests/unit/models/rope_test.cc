#include "kt/rope.hpp"

#include <gtest/gtest.h>

namespace kt {
namespace {

TEST(Rope, FrequenciesFallGeometricallyFromOne) {
  const RopeFrequencies out = rope_frequencies({.theta = 10000.0}, 8);
  ASSERT_EQ(out.inv_freq.size(), 4u);
  EXPECT_FLOAT_EQ(out.inv_freq[0], 1.0f);
  EXPECT_FLOAT_EQ(out.inv_freq[1], 0.1f);
  EXPECT_FLOAT_EQ(out.inv_freq[3], 0.001f);
  EXPECT_EQ(out.scale, 1.0);
}

TEST(Rope, LinearScalingDividesEveryFrequency) {
  const auto plain = rope_frequencies({}, 16);
  const auto scaled = rope_frequencies({.type = RopeType::kLinear, .factor = 4.0}, 16);
  for (size_t i = 0; i < plain.inv_freq.size(); ++i) EXPECT_FLOAT_EQ(scaled.inv_freq[i], plain.inv_freq[i] / 4);
}

TEST(Rope, Llama3KeepsShortWavesAndDividesLongOnes) {
  const RopeScaling scaling{.type = RopeType::kLlama3, .theta = 500000.0, .factor = 8.0, .original_context = 8192};
  const auto plain = rope_frequencies({.theta = 500000.0}, 128);
  const auto scaled = rope_frequencies(scaling, 128);
  EXPECT_FLOAT_EQ(scaled.inv_freq.front(), plain.inv_freq.front());
  EXPECT_FLOAT_EQ(scaled.inv_freq.back(), plain.inv_freq.back() / 8);
  for (size_t i = 1; i < scaled.inv_freq.size(); ++i) EXPECT_LT(scaled.inv_freq[i], scaled.inv_freq[i - 1]);
}

TEST(Rope, YarnKeepsFastDimensionsAndInterpolatesSlowOnes) {
  const RopeScaling scaling{.type = RopeType::kYarn, .factor = 40.0, .original_context = 4096};
  const auto plain = rope_frequencies({}, 64);
  const auto scaled = rope_frequencies(scaling, 64);
  EXPECT_FLOAT_EQ(scaled.inv_freq.front(), plain.inv_freq.front());
  EXPECT_FLOAT_EQ(scaled.inv_freq.back(), plain.inv_freq.back() / 40);
  EXPECT_DOUBLE_EQ(scaled.scale, 0.1 * std::log(40.0) + 1.0);
}

TEST(Rope, YarnsTemperatureIsOneWhereBothMscalesAreEqual) {
  const RopeScaling scaling{
      .type = RopeType::kYarn, .factor = 40.0, .original_context = 4096, .mscale = 0.707, .mscale_all_dim = 0.707};
  EXPECT_DOUBLE_EQ(rope_frequencies(scaling, 64).scale, 1.0);
}

TEST(Rope, YarnWithEqualBetasIsAStepAndNotADivisionByZero) {
  const RopeScaling scaling{
      .type = RopeType::kYarn, .theta = 50000.0, .factor = 4.0, .original_context = 64, .beta_fast = 1, .beta_slow = 1};
  for (const float frequency : rope_frequencies(scaling, 8).inv_freq) EXPECT_TRUE(std::isfinite(frequency));
}

TEST(Rope, DivisorsOfAFileDivide) {
  const RopeScaling scaling{.divisors = {1.0f, 2.0f, 4.0f, 8.0f}};
  const auto plain = rope_frequencies({}, 8);
  const auto divided = rope_frequencies(scaling, 8);
  for (size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(divided.inv_freq[i], plain.inv_freq[i] / scaling.divisors[i]);
}

}  // namespace
}  // namespace kt
