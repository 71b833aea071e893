// The operators that multiply weights, against sums in double, and against themselves in other batches and teams.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "plugins/cpu/ops/operators.h"
#include "tests/unit/cpu/operator_run.h"
#include "tests/unit/cpu/weight_data.h"

namespace kt::cpu {
namespace {

using test::Random;
using test::Tensor;
using test::TestNode;
using test::TestWeight;

// A weight of any type; `split`: a tensor of its own for each index of the first dimension.
struct Weight {
  std::vector<WeightData> experts;
  TestWeight given;

  Weight(const std::string& name, int32_t dtype, int64_t count, int64_t rows, int64_t columns, bool stacked, bool split = false) {
    given.name = name;
    given.dtype = dtype;
    given.shape = stacked ? std::vector<int64_t>{count, rows, columns} : std::vector<int64_t>{rows, columns};
    for (int64_t e = 0; e < count; ++e) {
      experts.push_back(random_weights(dtype, rows, columns, static_cast<uint32_t>(e * 31 + rows)));
      if (split || e == 0) given.tensors.emplace_back();
      given.tensors.back().insert(given.tensors.back().end(), experts.back().bytes.begin(), experts.back().bytes.end());
    }
  }
  std::vector<double> times(int64_t expert, const std::vector<double>& x) const {
    const WeightData& data = experts[static_cast<size_t>(expert)];
    std::vector<double> out(static_cast<size_t>(data.rows));
    for (int64_t r = 0; r < data.rows; ++r) {
      const std::vector<float> row = data.values(r);
      for (size_t c = 0; c < row.size(); ++c) out[static_cast<size_t>(r)] += double{row[c]} * x[c];
    }
    return out;
  }
};

std::vector<double> row_of(const Tensor& tensor, int64_t i) { return {tensor.row(i), tensor.row(i) + tensor.dim()}; }

double silu(double x) { return x / (1 + std::exp(-x)); }

double size_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// A float32 chain over the layer's rows, relative to the row's own size.
constexpr double kExact = 3e-5;
// The norm of the error of int8 activations: a step is 1/127 of a group's largest value, so that the error is largest / 127 /
// sqrt(12). Random gated products are heavy-tailed: the largest of 256 is up to 20 times their root mean square.
constexpr double kFast = 20.0 / 127 / 3.46;

void expect_row(const float* got, const std::vector<double>& wanted, double tolerance, const std::string& what) {
  const double size = size_of(wanted);
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(got[i], wanted[i], tolerance * (size + std::fabs(wanted[i]))) << what << " element " << i;
}

void expect_near_row(const float* got, const std::vector<double>& wanted, const std::string& what) {
  std::vector<double> error(wanted);
  for (size_t i = 0; i < wanted.size(); ++i) error[i] -= double{got[i]};
  EXPECT_LT(size_of(error), kFast * size_of(wanted)) << what;
  EXPECT_GT(size_of(wanted), 0);
}

TestNode node_of(std::initializer_list<const Weight*> weights, const std::string& activations) {
  TestNode node;
  node.options = {{"activations", activations}, {"tile", "auto"}};
  for (const Weight* weight : weights) node.weights.push_back(weight->given);
  return node;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  for (int64_t r = 0; r < a.rows(); ++r)
    if (!std::equal(a.row(r), a.row(r) + a.dim(), b.row(r))) return false;
  return true;
}

TEST(LinearTest, MatchesSumsInDoubleWithBiasAndStridedRows) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_Q8_0, KT_Q4_K, KT_IQ3_S})
    for (const int64_t out : {1, 15, 16, 17, 50}) {
      const Weight weight("weight", dtype, 1, out, 512, false);
      TestNode node = node_of({&weight}, "f32");
      const std::vector<float> bias = random_floats(out, 5);
      node.weights.push_back(TestWeight::of_floats("bias", {out}, bias));
      Tensor x = Tensor::floats({5, 512}, 3).fill(Random(1)), y = Tensor::floats({5, out}, 7);
      const auto result = test::run<Linear>(node, {&x}, {&y}, 2);
      ASSERT_EQ(result.status, KT_OK) << result.error;
      EXPECT_TRUE(y.gaps_untouched());
      for (int64_t t = 0; t < 5; ++t) {
        std::vector<double> wanted = weight.times(0, row_of(x, t));
        for (size_t i = 0; i < wanted.size(); ++i) wanted[i] += double{bias[i]};
        expect_row(y.row(t), wanted, kExact * 4, "token " + std::to_string(t));
      }
    }
}

TEST(LinearTest, BitsDependOnNeitherBatchNorThreads) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_F16, KT_Q8_0, KT_Q4_0, KT_Q4_K, KT_Q6_K}) {
    const Weight weight("weight", dtype, 1, 300, 768, false);
    const TestNode node = node_of({&weight}, "auto");
    Tensor x = Tensor::floats({150, 768}).fill(Random(2)), all = Tensor::floats({150, 300}), other = all;
    ASSERT_EQ(test::run<Linear>(node, {&x}, {&all}, 1).status, KT_OK);
    for (const int32_t threads : {2, 3, 7}) {
      ASSERT_EQ(test::run<Linear>(node, {&x}, {&other}, threads).status, KT_OK);
      EXPECT_TRUE(same_bits(all, other)) << threads << " threads";
    }
    for (const int64_t t : {0, 77, 149}) {
      Tensor one = Tensor::floats({1, 768}), out = Tensor::floats({1, 300});
      std::copy_n(x.row(t), 768, one.row(0));
      ASSERT_EQ(test::run<Linear>(node, {&one}, {&out}, 2).status, KT_OK);
      EXPECT_TRUE(std::equal(out.row(0), out.row(0) + 300, all.row(t))) << "token " << t;
    }
  }
}

TEST(LinearTest, RefusesRowsOfAnotherWidth) {
  const Weight weight("weight", KT_F32, 1, 4, 8, false);
  Tensor x = Tensor::floats({1, 9}).fill(Random(1)), y = Tensor::floats({1, 4});
  const auto result = test::run<Linear>(node_of({&weight}, "auto"), {&x}, {&y});
  EXPECT_EQ(result.status, KT_INVALID);
  EXPECT_NE(result.error.find("9 elements"), std::string::npos) << result.error;
}

TEST(HeadLinearTest, MultipliesEachHeadByItsOwnWeight) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_Q8_0}) {
    const Weight weight("weight", dtype, 3, 40, 64, true);
    Tensor x = Tensor::floats({5, 3, 64}, 2).fill(Random(3)), y = Tensor::floats({5, 3, 40}, 1);
    ASSERT_EQ(test::run<HeadLinear>(node_of({&weight}, "f32"), {&x}, {&y}, 2).status, KT_OK);
    for (int64_t i = 0; i < 15; ++i)
      expect_row(y.row(i), weight.times(i % 3, row_of(x, i)), kExact * 4, "row " + std::to_string(i));
    EXPECT_TRUE(y.gaps_untouched());
  }
}

TEST(HeadLinearTest, TransposedMultipliesByTheColumns) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_Q8_0, KT_Q4_K}) {
    const int64_t outputs = dtype == KT_Q4_K ? 512 : 96, inputs = 75;
    const Weight weight("weight", dtype, 2, inputs, outputs, true);
    TestNode node = node_of({&weight}, "auto");
    node.attributes["transposed"] = int64_t{1};
    Tensor x = Tensor::floats({3, 2, inputs}).fill(Random(4)), y = Tensor::floats({3, 2, outputs}, 5);
    ASSERT_EQ(test::run<HeadLinear>(node, {&x}, {&y}, 2).status, KT_OK);
    EXPECT_TRUE(y.gaps_untouched());
    for (int64_t i = 0; i < 6; ++i) {
      std::vector<double> wanted(static_cast<size_t>(outputs));
      for (int64_t r = 0; r < inputs; ++r) {
        const std::vector<float> row = weight.experts[static_cast<size_t>(i % 2)].values(r);
        for (size_t c = 0; c < row.size(); ++c) wanted[c] += double{row[c]} * double{x.row(i)[r]};
      }
      expect_row(y.row(i), wanted, kExact * 4, "row " + std::to_string(i));
    }
  }
}

struct Layer {
  Weight gate, up, down;
  int64_t experts, k;

  Layer(int32_t gate_type, int32_t up_type, int32_t down_type, int64_t count, int64_t used, int64_t dim, int64_t inter,
        bool split)
      : gate("gate_proj.weight", gate_type, count, inter, dim, true, split),
        up("up_proj.weight", up_type, count, inter, dim, true, split),
        down("down_proj.weight", down_type, count, dim, inter, true, split),
        experts(count),
        k(used) {}

  std::vector<double> expert(int64_t e, const std::vector<double>& x) const {
    std::vector<double> h = gate.times(e, x);
    const std::vector<double> u = up.times(e, x);
    for (size_t i = 0; i < h.size(); ++i) h[i] = silu(h[i]) * u[i];
    return down.times(e, h);
  }
  TestNode node(const std::string& activations) const { return node_of({&gate, &up, &down}, activations); }
};

struct Routed {
  Tensor x, ids, weights;

  Routed(const Layer& layer, int64_t tokens, int64_t dim) {
    Random random(6);
    x = Tensor::floats({tokens, dim}, 1).fill([&] { return 0.1f * random(); });
    weights = Tensor::floats({tokens, layer.k}, 2).fill([&] { return random.uniform(0.0f, 1.0f); });
    std::vector<int32_t> chosen;
    for (int64_t i = 0; i < tokens * layer.k; ++i) chosen.push_back(static_cast<int32_t>(random.below(layer.experts)));
    ids = Tensor::integers({tokens, layer.k}, chosen);
  }
};

void expect_moe(const Layer& layer, int64_t tokens, int64_t dim, const std::string& activations) {
  Routed in(layer, tokens, dim);
  Tensor y = Tensor::floats({tokens, dim}, 3);
  const auto result = test::run<Moe>(layer.node(activations), {&in.x, &in.ids, &in.weights}, {&y}, 2);
  ASSERT_EQ(result.status, KT_OK) << result.error;
  EXPECT_TRUE(y.gaps_untouched());
  for (int64_t t = 0; t < tokens; ++t) {
    std::vector<double> wanted(static_cast<size_t>(dim));
    for (int64_t s = 0; s < layer.k; ++s) {
      const std::vector<double> one = layer.expert(in.ids.integer_row(t)[s], row_of(in.x, t));
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] += double{in.weights.row(t)[s]} * one[i];
    }
    const std::string what = activations + " token " + std::to_string(t);
    if (activations == "f32")
      expect_row(y.row(t), wanted, kExact, what);
    else
      expect_near_row(y.row(t), wanted, what);
  }
}

TEST(MoeTest, MatchesTheBodyInDouble) {
  expect_moe(Layer(KT_F32, KT_F32, KT_F32, 7, 3, 40, 24, false), 9, 40, "f32");
  expect_moe(Layer(KT_Q8_0, KT_Q8_0, KT_Q8_0, 5, 2, 96, 64, true), 6, 96, "f32");
  expect_moe(Layer(KT_Q4_K, KT_Q6_K, KT_Q4_K, 4, 2, 256, 256, false), 5, 256, "f32");
  expect_moe(Layer(KT_BF16, KT_BF16, KT_BF16, 4, 1, 48, 33, true), 5, 48, "f32");
}

TEST(MoeTest, FastArithmeticIsNearTheBody) {
  expect_moe(Layer(KT_Q8_0, KT_Q8_0, KT_Q8_0, 5, 2, 512, 256, false), 6, 512, "auto");
  expect_moe(Layer(KT_Q4_K, KT_Q4_K, KT_Q6_K, 4, 2, 512, 256, true), 5, 512, "int8");
  expect_moe(Layer(KT_Q8_0, KT_Q4_K, KT_Q4_0, 4, 2, 512, 256, true), 5, 512, "auto");
  expect_moe(Layer(KT_BF16, KT_BF16, KT_BF16, 4, 2, 512, 256, false), 5, 512, "auto");
}

TEST(MoeTest, BitsDependOnNeitherBatchNorThreads) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_Q8_0, KT_Q4_K}) {
    const Layer layer(dtype, dtype, dtype == KT_Q4_K ? KT_Q6_K : dtype, 6, 3, 512, 256, false);
    Routed in(layer, 70, 512);
    Tensor all = Tensor::floats({70, 512}), other = all;
    ASSERT_EQ(test::run<Moe>(layer.node("auto"), {&in.x, &in.ids, &in.weights}, {&all}, 1).status, KT_OK);
    for (const int32_t threads : {2, 3, 7}) {
      ASSERT_EQ(test::run<Moe>(layer.node("auto"), {&in.x, &in.ids, &in.weights}, {&other}, threads).status, KT_OK);
      EXPECT_TRUE(same_bits(all, other)) << threads << " threads";
    }
    for (const int64_t t : {0, 33, 69}) {
      Tensor x = Tensor::floats({1, 512}), w = Tensor::floats({1, 3}), y = Tensor::floats({1, 512});
      std::copy_n(in.x.row(t), 512, x.row(0));
      std::copy_n(in.weights.row(t), 3, w.row(0));
      const Tensor ids = Tensor::integers({1, 3}, {in.ids.integer_row(t), in.ids.integer_row(t) + 3});
      ASSERT_EQ(test::run<Moe>(layer.node("auto"), {&x, &ids, &w}, {&y}, 2).status, KT_OK);
      EXPECT_TRUE(std::equal(y.row(0), y.row(0) + 512, all.row(t))) << "token " << t;
    }
  }
}

TEST(MoeTest, LongBatchesAreDoneInPartsWithTheSameBits) {
  const Layer layer(KT_F32, KT_F32, KT_F32, 9, 64, 16, 16, false);
  Routed in(layer, 300, 16);  // 19200 pairs, 8192 at once
  Tensor y = Tensor::floats({300, 16});
  ASSERT_EQ(test::run<Moe>(layer.node("auto"), {&in.x, &in.ids, &in.weights}, {&y}, 2).status, KT_OK);
  for (const int64_t t : {0, 127, 128, 255, 299}) {
    std::vector<double> wanted(16);
    for (int64_t s = 0; s < 64; ++s) {
      const std::vector<double> one = layer.expert(in.ids.integer_row(t)[s], row_of(in.x, t));
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] += double{in.weights.row(t)[s]} * one[i];
    }
    expect_row(y.row(t), wanted, kExact, "token " + std::to_string(t));
  }
}

TEST(MoeTest, RefusesAnExpertThatDoesNotExist) {
  const Layer layer(KT_F32, KT_F32, KT_F32, 2, 2, 16, 16, false);
  Routed in(layer, 1, 16);
  for (const int32_t id : {-1, 2}) {
    const Tensor ids = Tensor::integers({1, 2}, {0, id});
    Tensor y = Tensor::floats({1, 16});
    const auto result = test::run<Moe>(layer.node("auto"), {&in.x, &ids, &in.weights}, {&y});
    EXPECT_EQ(result.status, KT_INVALID);
    EXPECT_NE(result.error.find("2 experts"), std::string::npos) << result.error;
  }
}

TEST(MlpTest, MatchesTheBodyInDoubleAndItselfInAnyBatch) {
  for (const int32_t dtype : {KT_F32, KT_Q8_0}) {
    const Layer layer(dtype, dtype, dtype, 1, 1, 96, 160, false);
    TestNode node = layer.node("f32");
    for (TestWeight& weight : node.weights) weight.shape.erase(weight.shape.begin());
    Random random(8);
    Tensor x = Tensor::floats({131, 96}, 1).fill([&] { return 0.2f * random(); }), y = Tensor::floats({131, 96}, 4);
    ASSERT_EQ(test::run<Mlp>(node, {&x}, {&y}, 3).status, KT_OK);
    EXPECT_TRUE(y.gaps_untouched());
    for (const int64_t t : {0, 64, 127, 128, 130}) {
      expect_row(y.row(t), layer.expert(0, row_of(x, t)), kExact, "token " + std::to_string(t));
      Tensor one = Tensor::floats({1, 96}), out = Tensor::floats({1, 96});
      std::copy_n(x.row(t), 96, one.row(0));
      ASSERT_EQ(test::run<Mlp>(node, {&one}, {&out}, 1).status, KT_OK);
      EXPECT_TRUE(std::equal(out.row(0), out.row(0) + 96, y.row(t)));
    }
  }
}

TEST(ExpertLinearTest, MultipliesRowsByTheExpertsChosenForThem) {
  for (const bool row_each : {false, true}) {
    const Weight weight("weight", KT_Q8_0, 5, 50, 64, true, row_each);
    Tensor x = Tensor::floats(row_each ? std::vector<int64_t>{6, 3, 64} : std::vector<int64_t>{6, 64}, 2).fill(Random(9));
    std::vector<int32_t> chosen;
    Random random(10);
    for (int i = 0; i < 18; ++i) chosen.push_back(static_cast<int32_t>(random.below(5)));
    const Tensor ids = Tensor::integers({6, 3}, chosen);
    Tensor y = Tensor::floats({6, 3, 50}, 1);
    ASSERT_EQ(test::run<ExpertLinear>(node_of({&weight}, "f32"), {&x, &ids}, {&y}, 2).status, KT_OK);
    EXPECT_TRUE(y.gaps_untouched());
    for (int64_t i = 0; i < 18; ++i)
      expect_row(y.row(i), weight.times(chosen[static_cast<size_t>(i)], row_of(x, row_each ? i : i / 3)), kExact * 4,
                 "pair " + std::to_string(i));
  }
}

TEST(EmbeddingTest, CopiesRowsAndRefusesIdsOutside) {
  for (const int32_t dtype : {KT_F32, KT_BF16, KT_Q6_K}) {
    const Weight table("weight", dtype, 1, 11, 256, false);
    const Tensor ids = Tensor::integers({4}, {10, 0, 3, 3});
    Tensor y = Tensor::floats({4, 256}, 1);
    ASSERT_EQ(test::run<Embedding>(node_of({&table}, "auto"), {&ids}, {&y}, 2).status, KT_OK);
    const int32_t rows[] = {10, 0, 3, 3};
    for (int64_t t = 0; t < 4; ++t) {
      const std::vector<float> wanted = table.experts[0].values(rows[t]);
      EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), y.row(t)));
    }
    const Tensor bad = Tensor::integers({1}, {11});
    Tensor one = Tensor::floats({1, 256});
    const auto result = test::run<Embedding>(node_of({&table}, "auto"), {&bad}, {&one});
    EXPECT_EQ(result.status, KT_INVALID);
    EXPECT_NE(result.error.find("11"), std::string::npos);
  }
}

}  // namespace
}  // namespace kt::cpu
