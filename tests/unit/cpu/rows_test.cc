// Operators on rows of floats: against double arithmetic, at sizes around the vector length, with strided rows, on several
// threads.
#include <gtest/gtest.h>

#include <cmath>

#include "plugins/cpu/ops/elementwise.h"
#include "plugins/cpu/ops/rope.h"
#include "tests/unit/cpu/operator_run.h"

namespace kt::cpu {
namespace {

using test::Random;
using test::Tensor;
using test::TestNode;
using test::TestWeight;

constexpr double kEpsilon = 0x1p-24;
const std::vector<int64_t> kSizes = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 127, 128, 129, 1000};

Tensor random_tensor(std::vector<int64_t> shape, uint64_t seed, int64_t gap = 0, float range = 3) {
  Random random(seed);
  return Tensor::floats(std::move(shape), gap).fill([&] { return random.uniform(-range, range); });
}

// Runs Op on strided rows of every size, on one and on three threads; check(row of inputs, output row, size).
template <class Op, class Check>
void check_rows(const TestNode& node, int64_t input_count, Check check) {
  for (const int64_t n : kSizes) {
    std::vector<Tensor> inputs;
    for (int64_t i = 0; i < input_count; ++i)
      inputs.push_back(random_tensor({3, 5, n}, static_cast<uint64_t>(n * 10 + i), 3 + i));
    std::vector<const Tensor*> in;
    for (const Tensor& input : inputs) in.push_back(&input);
    Tensor one = Tensor::floats({3, 5, n}, 2), three = one;
    const auto result = test::run<Op>(node, in, {&one}, 1);
    ASSERT_EQ(result.status, KT_OK) << result.error;
    ASSERT_EQ(test::run<Op>(node, in, {&three}, 3).status, KT_OK);
    EXPECT_TRUE(one.gaps_untouched());
    for (int64_t r = 0; r < one.rows(); ++r) {
      std::vector<const float*> rows;
      for (const Tensor& input : inputs) rows.push_back(input.row(r));
      check(rows, one.row(r), n);
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(one.row(r)[i], three.row(r)[i]) << "threads change row " << r << " of size " << n;
    }
  }
}

// Every element within `ulps` of what f gives in double.
template <class Op, class F>
void check_elements(int64_t inputs, double ulps, F f, const TestNode& node = {}) {
  check_rows<Op>(node, inputs, [&](const std::vector<const float*>& x, const float* y, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      const double exact = f(x[0][i], inputs > 1 ? x[1][i] : 0.0f);
      ASSERT_NEAR(y[i], exact, ulps * 2 * kEpsilon * std::fabs(exact) + 1e-40) << "element " << i << " of " << n;
    }
  });
}

TEST(CpuRows, UnaryFunctionsMatchDoubleArithmetic) {
  check_elements<UnaryOperator<Unary::kSigmoid>>(1, 3, [](double x, double) { return 1 / (1 + std::exp(-x)); });
  check_elements<UnaryOperator<Unary::kSilu>>(1, 4, [](double x, double) { return x / (1 + std::exp(-x)); });
  check_elements<UnaryOperator<Unary::kRelu>>(1, 0, [](double x, double) { return x > 0 ? x : 0; });
  check_elements<UnaryOperator<Unary::kTanh>>(1, 2, [](double x, double) { return std::tanh(x); });
  check_elements<UnaryOperator<Unary::kExp>>(1, 1.1, [](double x, double) { return std::exp(x); });
  check_elements<Gelu>(1, 8, [](double x, double) { return x * 0.5 * std::erfc(-x * M_SQRT1_2); });
}

TEST(CpuRows, BinaryOperatorsRoundOnce) {
  check_elements<BinaryOperator<Binary::kAdd>>(2, 0.5, [](double a, double b) { return a + b; });
  check_elements<BinaryOperator<Binary::kSub>>(2, 0.5, [](double a, double b) { return a - b; });
  check_elements<BinaryOperator<Binary::kMul>>(2, 0.5, [](double a, double b) { return a * b; });
  check_elements<SwiGlu>(2, 5, [](double gate, double up) { return gate / (1 + std::exp(-gate)) * up; });
}

TEST(CpuRows, ScaleAndClampFollowTheirAttributes) {
  check_elements<Scale>(1, 0.5, [](double x, double) { return x * 0.75; }, {.attributes = {{"factor", 0.75}}});
  const TestNode clamp{.attributes = {{"minimum", -1.5}, {"maximum", 0.25}}};
  check_elements<Clamp>(
      1, 0, [](double x, double) { return std::fmin(0.25, std::fmax(-1.5, x)); }, clamp);
}

TEST(CpuRows, SecondOperandMayHaveOneColumn) {
  const Tensor a = random_tensor({4, 19}, 1), b = random_tensor({4, 1}, 2);
  Tensor y = Tensor::floats({4, 19}, 5);
  ASSERT_EQ(test::run<BinaryOperator<Binary::kMul>>({}, {&a, &b}, {&y}).status, KT_OK);
  for (int64_t r = 0; r < 4; ++r)
    for (int64_t i = 0; i < 19; ++i) EXPECT_EQ(y.row(r)[i], a.row(r)[i] * b.row(r)[0]);
  EXPECT_TRUE(y.gaps_untouched());
}

TEST(CpuRows, OperandsOfOtherShapesAreRefused) {
  const Tensor a = random_tensor({4, 19}, 1), b = random_tensor({4, 18}, 2), c = random_tensor({3, 19}, 3);
  Tensor y = Tensor::floats({4, 19});
  EXPECT_EQ(test::run<BinaryOperator<Binary::kAdd>>({}, {&a, &b}, {&y}).status, KT_INVALID);
  EXPECT_EQ(test::run<BinaryOperator<Binary::kAdd>>({}, {&a, &c}, {&y}).status, KT_INVALID);
}

TEST(CpuRows, BiasIsAddedToEveryRow) {
  const std::vector<float> bias = {0.5f, -1, 2, 3, 4, 5, 6, 7, 8};
  const Tensor x = random_tensor({3, 9}, 4, 7);
  Tensor y = Tensor::floats({3, 9});
  const TestNode node{.weights = {TestWeight::of_floats("bias", {9}, bias)}};
  ASSERT_EQ(test::run<AddBias>(node, {&x}, {&y}).status, KT_OK);
  for (int64_t r = 0; r < 3; ++r)
    for (size_t i = 0; i < 9; ++i) EXPECT_EQ(y.row(r)[i], x.row(r)[i] + bias[i]);
}

TEST(CpuRows, RmsNormMatchesDoubleArithmetic) {
  for (const int64_t n : kSizes) {
    const Tensor x = random_tensor({2, 4, n}, static_cast<uint64_t>(n), 3);
    Random random(7);
    std::vector<float> weight(static_cast<size_t>(n));
    for (float& w : weight) w = random();
    const TestNode node{.attributes = {{"eps", 1e-5}}, .weights = {TestWeight::of_floats("weight", {n}, weight)}};
    Tensor y = Tensor::floats({2, 4, n}, 1);
    ASSERT_EQ(test::run<RmsNorm>(node, {&x}, {&y}).status, KT_OK);
    EXPECT_TRUE(y.gaps_untouched());
    for (int64_t r = 0; r < y.rows(); ++r) {
      double squares = 0;
      for (int64_t i = 0; i < n; ++i) squares += static_cast<double>(x.row(r)[i]) * x.row(r)[i];
      const double factor = 1 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(1e-5f));
      // Half the relative error of the sum (a chain of n / lanes and the tree), and five roundings.
      const double bound = (static_cast<double>(n) / 16 + 4 + 5) * kEpsilon;
      for (int64_t i = 0; i < n; ++i) {
        const double exact = x.row(r)[i] * factor * weight[static_cast<size_t>(i)];
        ASSERT_NEAR(y.row(r)[i], exact, bound * std::fabs(exact)) << "element " << i << " of " << n;
      }
    }
  }
}

TEST(CpuRows, SoftmaxMatchesDoubleArithmetic) {
  check_rows<Softmax>({}, 1, [](const std::vector<const float*>& x, const float* y, int64_t n) {
    double most = x[0][0], sum = 0;
    for (int64_t i = 0; i < n; ++i) most = std::fmax(most, x[0][i]);
    for (int64_t i = 0; i < n; ++i) sum += std::exp(x[0][i] - most);
    // Arguments lie in [-6, 0], so their rounding counts 6 epsilon; the sum and three more roundings.
    const double bound = (6 + 2.2 + static_cast<double>(n) / 8 + 8) * 2 * kEpsilon;
    for (int64_t i = 0; i < n; ++i) {
      const double exact = std::exp(x[0][i] - most) / sum;
      ASSERT_NEAR(y[i], exact, bound * exact) << "element " << i << " of " << n;
    }
  });
}

TEST(CpuRows, NormalizeSumDividesByTheSum) {
  const Tensor x = Tensor::floats({2, 3}).fill([v = 0.0f]() mutable { return v += 1; });
  Tensor y = Tensor::floats({2, 3});
  ASSERT_EQ(test::run<NormalizeSum>({.attributes = {{"eps", 1e-20}}}, {&x}, {&y}).status, KT_OK);
  EXPECT_EQ(y.row(0)[2], 3.0f / 6.0f);
  EXPECT_EQ(y.row(1)[0], 4.0f / 15.0f);
}

TEST(CpuRows, WeightedSumAddsSlotsInOrder) {
  for (const int64_t n : kSizes) {
    const Tensor h = random_tensor({3, 4, n}, 5, 2), w = random_tensor({3, 4}, 6, 1);
    Tensor y = Tensor::floats({3, n}, 3);
    ASSERT_EQ(test::run<WeightedSum>({}, {&h, &w}, {&y}).status, KT_OK);
    EXPECT_TRUE(y.gaps_untouched());
    for (int64_t t = 0; t < 3; ++t)
      for (int64_t i = 0; i < n; ++i) {
        float sum = 0;
        for (int64_t s = 0; s < 4; ++s) sum = std::fma(w.row(t)[s], h.row(t * 4 + s)[i], sum);
        ASSERT_EQ(y.row(t)[i], sum);
      }
  }
}

TEST(CpuRows, ConcatPutsRowsSideBySide) {
  const Tensor a = random_tensor({2, 3, 17}, 1, 2), b = random_tensor({2, 3, 5}, 2, 3);
  Tensor y = Tensor::floats({2, 3, 22}, 1);
  ASSERT_EQ(test::run<Concat>({}, {&a, &b}, {&y}).status, KT_OK);
  EXPECT_TRUE(y.gaps_untouched());
  for (int64_t r = 0; r < 6; ++r)
    for (int64_t i = 0; i < 22; ++i) EXPECT_EQ(y.row(r)[i], i < 17 ? a.row(r)[i] : b.row(r)[i - 17]);
}

// The rotation in double, of the angle rounded to float as models are trained with.
void check_rope(bool interleaved, int64_t pairs, int64_t dim, const std::vector<int32_t>& positions) {
  std::vector<float> frequencies;
  for (int64_t i = 0; i < pairs; ++i)
    frequencies.push_back(std::pow(10000.0f, -static_cast<float>(i) / static_cast<float>(pairs)));
  const auto tokens = static_cast<int64_t>(positions.size());
  const Tensor x = random_tensor({tokens, 3, dim}, 11, 5), at = Tensor::integers({tokens}, positions);
  Tensor y = Tensor::floats({tokens, 3, dim}, 2), three = y;
  const TestNode node{.attributes = {{"inv_freq", frequencies}, {"interleaved", int64_t{interleaved}}, {"scale", 1.25}}};
  ASSERT_EQ(test::run<Rope>(node, {&x, &at}, {&y}).status, KT_OK);
  ASSERT_EQ(test::run<Rope>(node, {&x, &at}, {&three}, 3).status, KT_OK);
  EXPECT_TRUE(y.gaps_untouched());
  for (int64_t r = 0; r < y.rows(); ++r) {
    for (int64_t i = 0; i < pairs; ++i) {
      const int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + pairs;
      const float angle = static_cast<float>(positions[static_cast<size_t>(r / 3)]) * frequencies[static_cast<size_t>(i)];
      const double c = 1.25 * std::cos(static_cast<double>(angle)), s = 1.25 * std::sin(static_cast<double>(angle));
      const double a = x.row(r)[first], b = x.row(r)[second];
      ASSERT_NEAR(y.row(r)[first], a * c - b * s, 6 * kEpsilon * 1.25 * (std::fabs(a) + std::fabs(b)));
      ASSERT_NEAR(y.row(r)[second], b * c + a * s, 6 * kEpsilon * 1.25 * (std::fabs(a) + std::fabs(b)));
    }
    for (int64_t i = 2 * pairs; i < dim; ++i) ASSERT_EQ(y.row(r)[i], x.row(r)[i]);
    for (int64_t i = 0; i < dim; ++i) ASSERT_EQ(y.row(r)[i], three.row(r)[i]);
  }
}

TEST(CpuRows, RopeTurnsBothKindsOfPairs) {
  for (const bool interleaved : {false, true})
    for (const auto& [pairs, dim] : {std::pair<int64_t, int64_t>{1, 2}, {4, 8}, {32, 64}, {17, 40}, {40, 96}, {64, 128}})
      check_rope(interleaved, pairs, dim, {0, 1, 2, 77, 4095, 131072, 1000003});
}

}  // namespace
}  // namespace kt::cpu
