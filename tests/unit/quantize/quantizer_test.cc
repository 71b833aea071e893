#include "core/quantize/quantizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/tensor/shape.h"
#include "kt/format/dequantize.h"

namespace kt::core {
namespace {

using Row = std::vector<float>;

std::vector<std::byte> quantized(int32_t dtype, const Row& values, const Row& importance = {}) {
  std::vector<std::byte> out(static_cast<size_t>(*format::row_bytes(dtype, static_cast<int64_t>(values.size()))));
  const Status status = quantize_row(dtype, values, importance, out);
  EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().text());
  return out;
}

Row expanded(int32_t dtype, const std::vector<std::byte>& blocks, size_t elements) {
  Row out(elements);
  format::dequantizer(dtype)(blocks.data(), out.data(), static_cast<int64_t>(elements));
  return out;
}

Row round_trip(int32_t dtype, const Row& values, const Row& importance = {}) {
  return expanded(dtype, quantized(dtype, values, importance), values.size());
}

double squared_error(const Row& a, const Row& b, const Row& weights = {}) {
  double out = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = static_cast<double>(a[i]) - b[i];
    out += difference * difference * (weights.empty() ? 1.0 : weights[i]);
  }
  return out;
}

double energy(const Row& values) { return squared_error(values, Row(values.size())); }

Row normal_row(size_t elements, unsigned seed, float deviation = 0.02f) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, deviation);
  Row out(elements);
  for (float& value : out) value = normal(random);
  return out;
}

// The relative error sqrt(E/energy) of a normal row that a uniform quantizer of `steps` steps over +-3 deviations has, step /
// sqrt(12) / deviation: what a type with that many codes must not exceed.
struct Bound {
  int32_t dtype;
  double steps;
};
constexpr Bound kBounds[] = {{KT_F16, 8192},  {KT_BF16, 1024}, {KT_Q8_0, 254}, {KT_Q6_K, 63}, {KT_Q5_K, 31},
                             {KT_Q5_0, 31},   {KT_Q5_1, 31},   {KT_Q4_K, 15},  {KT_Q4_0, 15}, {KT_Q4_1, 15},
                             {KT_IQ4_NL, 15}, {KT_IQ4_XS, 15}, {KT_MXFP4, 13}, {KT_Q3_K, 7},  {KT_Q2_K, 3}};

TEST(Quantizer, ErrorOfNormalRowsStaysWithinThatOfAUniformQuantizer) {
  const Row values = normal_row(16384, 1);
  for (const Bound& bound : kBounds) {
    const double error = std::sqrt(squared_error(values, round_trip(bound.dtype, values)) / energy(values));
    EXPECT_LE(error, 6 / bound.steps / std::sqrt(12.0)) << dtype_name(bound.dtype);
    EXPECT_GT(error, 0) << dtype_name(bound.dtype);
  }
}

// Rounding to nearest without a search: the largest value of each group on the last code, scales kept in float32, which makes it
// better than a file could be.
Row plainly_rounded(const Row& values, size_t group, float low, float high, bool affine) {
  Row out(values.size());
  for (size_t begin = 0; begin < values.size(); begin += group) {
    float most = 0, least = values[begin], top = values[begin];
    for (size_t i = begin; i < begin + group; ++i) {
      if (std::fabs(values[i]) > std::fabs(most)) most = values[i];
      least = std::min(least, values[i]);
      top = std::max(top, values[i]);
    }
    const float scale = affine ? (top - least) / (high - low) : most / low;
    const float offset = affine ? least - scale * low : 0;
    for (size_t i = begin; i < begin + group; ++i)
      out[i] = scale * std::clamp(std::nearbyint((values[i] - offset) / scale), low, high) + offset;
  }
  return out;
}

TEST(Quantizer, SearchIsBetterThanPlainRounding) {
  struct Plain {
    int32_t dtype;
    size_t group;
    float low, high;
    bool affine;
    double gain;  // the search leaves at most this share of the error
  };
  constexpr Plain kPlain[] = {
      {KT_Q4_0, 32, -8, 7, false, 0.95}, {KT_Q5_0, 32, -16, 15, false, 0.97}, {KT_Q4_1, 32, 0, 15, true, 0.97},
      {KT_Q5_1, 32, 0, 31, true, 0.99},  {KT_Q3_K, 16, -4, 3, false, 0.9},    {KT_Q6_K, 16, -32, 31, false, 1},
      {KT_Q4_K, 32, 0, 15, true, 1},     {KT_Q5_K, 32, 0, 31, true, 1},       {KT_Q2_K, 16, 0, 3, true, 1}};
  const Row values = normal_row(32768, 2);
  for (const Plain& plain : kPlain) {
    const double rounded = squared_error(values, plainly_rounded(values, plain.group, plain.low, plain.high, plain.affine));
    EXPECT_LE(squared_error(values, round_trip(plain.dtype, values)), plain.gain * rounded) << dtype_name(plain.dtype);
  }
}

TEST(Quantizer, BlocksOfOneScaleThatWereQuantizedKeepTheirValues) {
  for (const int32_t dtype : {KT_F16, KT_BF16, KT_Q8_0, KT_Q4_0, KT_Q5_0, KT_IQ4_NL, KT_MXFP4}) {
    const Row once = round_trip(dtype, normal_row(8192, 3));
    EXPECT_EQ(squared_error(once, round_trip(dtype, once)), 0) << dtype_name(dtype);
  }
}

TEST(Quantizer, QuantizingAgainAddsATenthOfTheErrorAtMost) {
  for (const int32_t dtype : {KT_Q4_1, KT_Q5_1, KT_Q2_K, KT_Q3_K, KT_Q4_K, KT_Q5_K, KT_Q6_K, KT_IQ4_XS}) {
    const Row values = normal_row(16384, 4);
    const Row once = round_trip(dtype, values), twice = round_trip(dtype, once);
    EXPECT_LE(squared_error(once, twice), 0.1 * squared_error(values, once)) << dtype_name(dtype);
  }
}

TEST(Quantizer, ImportanceMovesTheErrorToWhereItMattersLess) {
  const Row values = normal_row(16384, 5);
  Row importance(values.size());
  for (size_t i = 0; i < importance.size(); ++i) importance[i] = i % 4 == 0 ? 25.0f : 1.0f;
  for (const int32_t dtype : {KT_Q4_0, KT_Q4_1, KT_Q2_K, KT_Q3_K, KT_Q4_K, KT_Q5_K, KT_IQ4_NL, KT_IQ4_XS, KT_MXFP4}) {
    const double plain = squared_error(values, round_trip(dtype, values), importance);
    EXPECT_LT(squared_error(values, round_trip(dtype, values, importance), importance), plain) << dtype_name(dtype);
  }
}

TEST(Quantizer, SpecialBlocksAreExact) {
  std::vector<Row> rows = {Row(256, 0.0f), Row(256, 0.5f), Row(256, -0.5f)};
  rows.push_back(Row(256, 0.0f));
  rows.back()[77] = 1.0f;
  rows.push_back(Row(256, 0.0f));
  rows.back()[200] = -1.0f;
  for (const int32_t dtype : quantizable_types())
    for (size_t i = 0; i < rows.size(); ++i) {
      const double error = squared_error(rows[i], round_trip(dtype, rows[i]));
      EXPECT_LE(error, 2e-3 * energy(rows[i])) << dtype_name(dtype) << ", row " << i;
    }
}

TEST(Quantizer, ExtremesOfTheRangeStayFinite) {
  for (const int32_t dtype : quantizable_types())
    for (const float magnitude : {1e-30f, 1e-7f, 6e-5f, 65504.0f}) {
      Row values = normal_row(512, 6, magnitude / 8);
      for (float& value : values) value = std::clamp(value, -magnitude, magnitude);
      for (const float value : round_trip(dtype, values)) {
        ASSERT_TRUE(std::isfinite(value)) << dtype_name(dtype) << ", " << magnitude;
        ASSERT_LE(std::fabs(value), 1.6f * magnitude + 1e-6f) << dtype_name(dtype) << ", " << magnitude;
      }
    }
}

TEST(Quantizer, ValuesThatATypeCannotHoldAreErrors) {
  for (const int32_t dtype : quantizable_types())
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      Row values(256, 1.0f);
      values[255] = bad;
      std::vector<std::byte> out(static_cast<size_t>(*format::row_bytes(dtype, 256)));
      const Status status = quantize_row(dtype, values, {}, out);
      ASSERT_FALSE(status.ok()) << dtype_name(dtype);
      EXPECT_EQ(status.error().code, 415);
      EXPECT_NE(status.error().message.find("value 255"), std::string::npos);
    }
  std::vector<std::byte> out(18);
  EXPECT_FALSE(quantize_row(KT_Q4_0, Row(32, 1e6f), {}, out).ok());
  EXPECT_FALSE(quantize_row(KT_Q4_0, Row(32, 1.0f), Row(32, -1.0f), out).ok());
  EXPECT_FALSE(quantize_row(KT_Q4_0, Row(31, 1.0f), {}, out).ok());
  EXPECT_FALSE(quantize_row(KT_IQ1_S, Row(32, 1.0f), {}, out).ok());
}

// Blocks that another program wrote.
Row golden_values(int32_t dtype) {
  const std::filesystem::path path = std::filesystem::path(KT_TEST_DATA) / "quant" / (dtype_name(dtype) + ".bin");
  std::ifstream in(path, std::ios::binary);
  const std::string raw{std::istreambuf_iterator<char>(in), {}};
  const format::DtypeInfo& info = *format::dtype_info(dtype);
  Row values(raw.size() / static_cast<size_t>(info.block_bytes) * static_cast<size_t>(info.block_elements));
  format::dequantizer(dtype)(raw.data(), values.data(), static_cast<int64_t>(values.size()));
  return values;
}

TEST(Quantizer, GoldenBlocksWithoutOffsetAreFoundExactly) {
  for (const int32_t dtype : {KT_Q4_0, KT_Q5_0, KT_Q3_K, KT_Q6_K, KT_IQ4_NL, KT_IQ4_XS, KT_MXFP4}) {
    const Row values = golden_values(dtype);
    ASSERT_GE(values.size(), 1024u);
    EXPECT_EQ(squared_error(values, round_trip(dtype, values)), 0) << dtype_name(dtype);
  }
}

// A group that does not use its first and last code can be written with several scales and offsets; one is found whose error is
// well within the type's own.
TEST(Quantizer, GoldenBlocksWithOffsetAreFoundNearly) {
  for (const Bound& bound : kBounds) {
    if (bound.dtype != KT_Q4_1 && bound.dtype != KT_Q5_1 && bound.dtype != KT_Q2_K && bound.dtype != KT_Q4_K &&
        bound.dtype != KT_Q5_K)
      continue;
    const Row values = golden_values(bound.dtype);
    ASSERT_GE(values.size(), 1024u);
    const double error = std::sqrt(squared_error(values, round_trip(bound.dtype, values)) / energy(values));
    EXPECT_LE(error, 0.5 * 6 / bound.steps / std::sqrt(12.0)) << dtype_name(bound.dtype);
  }
}

}  // namespace
}  // namespace kt::core
