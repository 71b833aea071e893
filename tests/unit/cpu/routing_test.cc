// The fused router against the primitives of its body, written out here in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "plugins/cpu/ops/moe_gate.h"
#include "tests/unit/cpu/operator_run.h"

namespace kt::cpu {
namespace {

using test::Random;
using test::Tensor;
using test::TestNode;
using test::TestWeight;

struct Routing {
  int64_t experts = 16, dim = 40, k = 4, groups = 1, groups_used = 1;
  std::string scoring = "softmax", group_score = "max";
  bool bias = false, normalize = false;
  double factor = 1;
};

struct Inputs {
  std::vector<float> weight, bias;
  TestNode node;

  explicit Inputs(const Routing& r) {
    Random random(17);
    for (int64_t i = 0; i < r.experts * r.dim; ++i) weight.push_back(random());
    node.attributes = {{"k", r.k},
                       {"groups", r.groups},
                       {"groups_used", r.groups_used},
                       {"factor", r.factor},
                       {"scoring", r.scoring},
                       {"group_score", r.group_score},
                       {"normalize", int64_t{r.normalize}}};
    node.weights = {TestWeight::of_floats("linear.weight", {r.experts, r.dim}, weight)};
    if (!r.bias) return;
    for (int64_t i = 0; i < r.experts; ++i) bias.push_back(random.uniform(-0.5f, 0.5f));
    node.weights.push_back(TestWeight::of_floats("bias.bias", {r.experts}, bias));
  }
};

std::vector<double> scores_of(const Routing& r, const Inputs& in, const float* x) {
  std::vector<double> scores(static_cast<size_t>(r.experts));
  for (int64_t e = 0; e < r.experts; ++e)
    for (int64_t i = 0; i < r.dim; ++i)
      scores[static_cast<size_t>(e)] += static_cast<double>(in.weight[static_cast<size_t>(e * r.dim + i)]) * x[i];
  double sum = 0;
  for (double& s : scores) {
    s = r.scoring == "sigmoid" ? 1 / (1 + std::exp(-s)) : std::exp(s);
    sum += s;
  }
  if (r.scoring == "softmax")
    for (double& s : scores) s /= sum;
  return scores;
}

double group_score_of(const Routing& r, const std::vector<double>& choice, int64_t group) {
  const int64_t size = r.experts / r.groups;
  std::vector<double> part(choice.begin() + group * size, choice.begin() + (group + 1) * size);
  std::sort(part.rbegin(), part.rend());
  return r.group_score == "max" || size == 1 ? part[0] : part[0] + part[1];
}

std::vector<double> choice_of(const Routing& r, const Inputs& in, std::vector<double> choice) {
  for (size_t e = 0; e < in.bias.size(); ++e) choice[e] += in.bias[e];
  if (r.groups == 1) return choice;
  std::vector<int64_t> order(static_cast<size_t>(r.groups));
  std::iota(order.begin(), order.end(), 0);
  std::vector<double> of_group;
  for (int64_t g = 0; g < r.groups; ++g) of_group.push_back(group_score_of(r, choice, g));
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return of_group[static_cast<size_t>(a)] > of_group[static_cast<size_t>(b)]; });
  const int64_t size = r.experts / r.groups;
  for (int64_t i = r.groups_used; i < r.groups; ++i)
    std::fill_n(choice.begin() + order[static_cast<size_t>(i)] * size, size, 0.0);
  return choice;
}

// The chosen and their weights in double; `clear` is false if rounding may change the order.
struct Expected {
  std::vector<int64_t> ids;
  std::vector<double> weights;
  bool clear = true;
};

Expected expect(const Routing& r, const Inputs& in, const float* x) {
  const auto scores = scores_of(r, in, x), choice = choice_of(r, in, scores);
  Expected out;
  out.ids.resize(static_cast<size_t>(r.experts));
  std::iota(out.ids.begin(), out.ids.end(), 0);
  std::stable_sort(out.ids.begin(), out.ids.end(),
                   [&](int64_t a, int64_t b) { return choice[static_cast<size_t>(a)] > choice[static_cast<size_t>(b)]; });
  for (int64_t i = 0; i < std::min(r.k, r.experts - 1); ++i)
    out.clear &= choice[static_cast<size_t>(out.ids[static_cast<size_t>(i)])] -
                     choice[static_cast<size_t>(out.ids[static_cast<size_t>(i + 1)])] >
                 1e-5;
  out.ids.resize(static_cast<size_t>(r.k));
  double sum = 0;
  for (const int64_t id : out.ids) {
    out.weights.push_back(r.bias ? scores[static_cast<size_t>(id)] : choice[static_cast<size_t>(id)]);
    sum += out.weights.back();
  }
  for (double& w : out.weights) w = (r.normalize ? w / sum : w) * r.factor;
  return out;
}

void check(const Routing& r) {
  constexpr int64_t kTokens = 70;
  const Inputs in(r);
  Random random(23);
  const Tensor x = Tensor::floats({kTokens, r.dim}, 3).fill(random);
  Tensor ids = Tensor::integers({kTokens, r.k}), weights = Tensor::floats({kTokens, r.k}), ids3 = ids, weights3 = weights;
  const auto result = test::run<MoeGate>(in.node, {&x}, {&ids, &weights});
  ASSERT_EQ(result.status, KT_OK) << result.error;
  ASSERT_EQ(test::run<MoeGate>(in.node, {&x}, {&ids3, &weights3}, 3).status, KT_OK);
  int64_t clear = 0;
  for (int64_t t = 0; t < kTokens; ++t) {
    Tensor one = Tensor::floats({1, r.dim}), id = Tensor::integers({1, r.k}), weight = Tensor::floats({1, r.k});
    std::copy_n(x.row(t), r.dim, one.row(0));
    ASSERT_EQ(test::run<MoeGate>(in.node, {&one}, {&id, &weight}).status, KT_OK);
    const Expected expected = expect(r, in, x.row(t));
    clear += expected.clear;
    for (int64_t i = 0; i < r.k; ++i) {
      ASSERT_EQ(ids.integer_row(t)[i], ids3.integer_row(t)[i]);
      ASSERT_EQ(weights.row(t)[i], weights3.row(t)[i]);
      ASSERT_EQ(ids.integer_row(t)[i], id.integer_row(0)[i]) << "alone, token " << t;
      ASSERT_EQ(weights.row(t)[i], weight.row(0)[i]) << "alone, token " << t;
      if (!expected.clear) continue;
      ASSERT_EQ(ids.integer_row(t)[i], expected.ids[static_cast<size_t>(i)]) << "token " << t;
      // A logit is a sum of dim products below 1 and its error a relative error of the score.
      const double exact = expected.weights[static_cast<size_t>(i)];
      ASSERT_NEAR(weights.row(t)[i], exact, std::fabs(exact) * 0x1p-24 * (4 * static_cast<double>(r.dim) + 64));
    }
  }
  EXPECT_GT(clear, kTokens / 2);
}

TEST(CpuMoeGate, SoftmaxChoosesTheBest) {
  check({});
  check({.experts = 60, .dim = 129, .k = 6, .normalize = true, .factor = 2.5});
  check({.experts = 128, .dim = 64, .k = 8, .normalize = true});
}

TEST(CpuMoeGate, SigmoidWithBiasChoosesByTheSumAndWeighsByTheScore) {
  check({.experts = 32, .k = 5, .scoring = "sigmoid", .bias = true, .normalize = true, .factor = 2.5});
}

TEST(CpuMoeGate, GroupsLimitTheChoice) {
  check({.experts = 32, .k = 4, .groups = 8, .groups_used = 3, .factor = 16});
  check({.experts = 64,
         .k = 8,
         .groups = 8,
         .groups_used = 4,
         .scoring = "sigmoid",
         .group_score = "top2",
         .bias = true,
         .normalize = true,
         .factor = 2.5});
}

TEST(CpuMoeGate, EqualScoresGoToTheLowerIndex) {
  Routing r{.experts = 8, .dim = 4, .k = 3};
  Inputs in(r);
  in.node.weights = {TestWeight::of_floats("linear.weight", {8, 4}, std::vector<float>(32, 0.25f))};
  const Tensor x = Tensor::floats({1, 4}).fill([] { return 1.0f; });
  Tensor ids = Tensor::integers({1, 3}), weights = Tensor::floats({1, 3});
  ASSERT_EQ(test::run<MoeGate>(in.node, {&x}, {&ids, &weights}).status, KT_OK);
  for (int32_t i = 0; i < 3; ++i) EXPECT_EQ(ids.integer_row(0)[i], i);
}

TEST(CpuMoeGate, ImpossibleRoutingIsRefused) {
  for (const Routing& r : {Routing{.k = 17}, Routing{.groups = 3}, Routing{.groups = 4, .groups_used = 5}}) {
    const Inputs in(r);
    const Tensor x = Tensor::floats({1, r.dim}).fill([] { return 1.0f; });
    Tensor ids = Tensor::integers({1, r.k}), weights = Tensor::floats({1, r.k});
    const auto result = test::run<MoeGate>(in.node, {&x}, {&ids, &weights});
    EXPECT_EQ(result.status, KT_INVALID);
    EXPECT_FALSE(result.error.empty());
  }
}

}  // namespace
}  // namespace kt::cpu
