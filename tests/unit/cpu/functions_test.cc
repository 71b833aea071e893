// Elementary functions against double arithmetic, over a dense sample of all floats.
#include "plugins/cpu/kernels/functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kt::cpu {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

float from_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Distance of two neighbouring floats at `exact`.
double ulp(double exact) {
  const double magnitude = std::fabs(exact);
  if (magnitude < 0x1p-126) return 0x1p-149;
  return std::ldexp(1.0, std::ilogb(magnitude) - 23);
}

float apply(Vec (*function)(Vec), float x) {
  float out[kLanes];
  vec_store(out, function(vec_set(x)));
  return out[0];
}

// The largest error in ulp over every 251st finite float. Results beyond the largest float must be infinite.
template <class Reference>
double largest_error(Vec (*function)(Vec), Reference reference) {
  double worst = 0;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 251 * kLanes) {
    float x[kLanes], y[kLanes];
    for (int64_t i = 0; i < kLanes; ++i) x[i] = from_bits(static_cast<uint32_t>(bits + 251 * static_cast<uint64_t>(i)));
    vec_store(y, function(vec_load(x)));
    for (int64_t i = 0; i < kLanes; ++i) {
      if (!std::isfinite(x[i])) continue;
      const double exact = reference(static_cast<double>(x[i]));
      const float rounded = static_cast<float>(exact);
      const double error = y[i] == rounded ? 0 : std::fabs(static_cast<double>(y[i]) - exact) / ulp(exact);
      if (!(error <= worst)) worst = error;
      if (!(error < 100)) {
        ADD_FAILURE() << "f(" << x[i] << ") is " << y[i] << ", exact is " << exact;
        return error;
      }
    }
  }
  return worst;
}

double exact_sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

TEST(CpuFunctions, ExpIsWithinItsBound) {
  EXPECT_LE(largest_error(vec_exp, [](double x) { return std::exp(x); }), 1.1);
}

TEST(CpuFunctions, SigmoidIsWithinItsBound) { EXPECT_LE(largest_error(vec_sigmoid, exact_sigmoid), 3.0); }

TEST(CpuFunctions, SiluIsWithinItsBound) {
  const auto exact = [](double x) { return x * exact_sigmoid(x); };
  EXPECT_LE(largest_error([](Vec x) { return vec_silu(vec_max(vec_set(-87.0f), x)); },
                          [&](double x) { return exact(std::fmax(x, -87)); }),
            4.0);
  for (float x = -120; x < -87; x += 0.000731f) ASSERT_NEAR(apply(vec_silu, x), exact(x), -2 * x * 0x1p-149) << "at " << x;
}

TEST(CpuFunctions, TanhIsWithinItsBound) {
  EXPECT_LE(largest_error(vec_tanh, [](double x) { return std::tanh(x); }), 2.0);
}

TEST(CpuFunctions, GeluIsWithinItsBoundWhereItsFactorIsNormal) {
  // Below -12.8 the normal distribution's tail is subnormal, and the product keeps its absolute error only.
  const auto exact = [](double x) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  for (float x = -12.8f; x < 12.8f; x += 0.000731f) {
    const double error = std::fabs(apply(vec_gelu, x) - exact(x)) / ulp(exact(x));
    ASSERT_LE(error, 8.0) << "at " << x;
  }
  for (float x = -100; x < -12.8f; x += 0.0171f) ASSERT_NEAR(apply(vec_gelu, x), exact(x), 16 * 0x1p-149 * -x) << "at " << x;
  for (float x = 12.8f; x < 1e30f; x *= 1.37f) ASSERT_EQ(apply(vec_gelu, x), x);
}

TEST(CpuFunctions, GeluByTanhFollowsItsFormula) {
  const auto exact = [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); };
  for (float x = -12; x < 12; x += 0.000937f) {
    // The inner value's rounding is magnified by its size, in absolute terms of the sigmoid.
    ASSERT_NEAR(apply(vec_gelu_tanh, x), exact(x), 4 * 0x1p-24 * std::fabs(x)) << "at " << x;
  }
}

TEST(CpuFunctions, SpecialValuesComeOutAsIeeeArithmeticHasThem) {
  EXPECT_EQ(apply(vec_exp, kInfinity), kInfinity);
  EXPECT_EQ(apply(vec_exp, -kInfinity), 0.0f);
  EXPECT_EQ(apply(vec_exp, 0.0f), 1.0f);
  EXPECT_EQ(apply(vec_exp, 89.0f), kInfinity);
  EXPECT_EQ(apply(vec_exp, -103.0f), 0x1p-149f);  // e^-103 is 0.98 of the least subnormal
  EXPECT_EQ(apply(vec_sigmoid, kInfinity), 1.0f);
  EXPECT_EQ(apply(vec_sigmoid, -kInfinity), 0.0f);
  EXPECT_EQ(apply(vec_silu, kInfinity), kInfinity);
  EXPECT_EQ(apply(vec_tanh, kInfinity), 1.0f);
  EXPECT_EQ(apply(vec_tanh, -kInfinity), -1.0f);
  EXPECT_TRUE(std::signbit(apply(vec_tanh, -0.0f)));
  EXPECT_EQ(apply(vec_gelu, kInfinity), kInfinity);
  for (const auto function : {vec_exp, vec_sigmoid, vec_silu, vec_tanh, vec_gelu, vec_gelu_tanh})
    EXPECT_TRUE(std::isnan(apply(function, kNan)));
}

}  // namespace
}  // namespace kt::cpu
