// The oracle itself: formulas written down a second time, in another way, on the same cases; and answers known beforehand.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <functional>

#include "core/graph/attributes.h"
#include "core/conformance/evaluation.h"

namespace kt::conformance {
namespace {

const core::Registry& registry() {
  static const auto loaded = [] {
    auto out = std::make_unique<core::Registry>();
    out->load_folders({KT_BUILD_DIR "/lib/kt/plugins"});
    return out;
  }();
  return *loaded;
}

// The value that element i of output 0 should have; w holds the values of the weight "weight", if there is one.
using Formula = std::function<double(const Evaluation& e, const std::vector<float>& w, int64_t i)>;

std::vector<float> weight(const Evaluation& e, const char* parameter) {
  const auto found = e.built().weights.find(e.node().name + "." + parameter);
  return found == e.built().weights.end() ? std::vector<float>{} : found->second.values();
}

void expect_formula(const char* class_name, const std::vector<Case>& cases, const Formula& formula) {
  int seen = 0;
  for (const Case& spec : cases) {
    if (spec.class_name != class_name) continue;
    SCOPED_TRACE(spec.name);
    ++seen;
    const auto built = build_case(registry().classes(), spec);
    ASSERT_TRUE(built.ok()) << built.error().message;
    const auto e = Evaluation::make(registry(), *built, built->inputs, spec.segments);
    ASSERT_TRUE(e.ok()) << e.error().message;
    const std::vector<float> w = weight(*e, "weight");
    for (int64_t i = 0; i < e->output(0).count(); ++i) {
      const double want = formula(*e, w, i);
      ASSERT_NEAR(e->output(0).value(i), want, 1e-7 * (std::fabs(want) + 0.1)) << "element " << i;
    }
  }
  EXPECT_GT(seen, 2) << class_name;
}

double product(const float* x, const float* w, int64_t n, int64_t step = 1) {
  long double sum = 0;
  for (int64_t i = n; i-- > 0;) sum += static_cast<long double>(x[i]) * static_cast<long double>(w[i * step]);
  return static_cast<double>(sum);
}

TEST(Oracle, LinearIsXTimesTheTransposedWeightPlusBias) {
  expect_formula("Linear", linear_cases(), [](const Evaluation& e, const std::vector<float>& w, int64_t i) {
    const std::vector<float> bias = weight(e, "bias");
    const int64_t n = e.input(0).shape.back(), out = e.output(0).shape.back();
    return product(e.input(0).floats() + i / out * n, w.data() + i % out * n, n) +
           (bias.empty() ? 0.0 : bias[static_cast<size_t>(i % out)]);
  });
}

TEST(Oracle, HeadLinearUsesTheMatrixOfTheHeadInBothLayouts) {
  expect_formula("HeadLinear", linear_cases(), [](const Evaluation& e, const std::vector<float>& w, int64_t i) {
    const bool transposed = core::int_attribute(e.node(), "transposed").value_or(0) != 0;
    const int64_t n = e.input(0).shape[2], out = e.output(0).shape[2], row = i / out, head = row % e.input(0).shape[1];
    const float* matrix = w.data() + head * n * out;
    const float* x = e.input(0).floats() + row * n;
    return transposed ? product(x, matrix + i % out, n, out) : product(x, matrix + i % out * n, n);
  });
}

TEST(Oracle, ExpertLinearUsesTheMatrixOfTheSlot) {
  expect_formula("ExpertLinear", linear_cases(), [](const Evaluation& e, const std::vector<float>& w, int64_t i) {
    const Data &x = e.input(0), &ids = e.input(1);
    const int64_t n = x.shape.back(), out = e.output(0).shape[2], slot = i / out;
    const int64_t row = x.shape.size() == 3 ? slot : slot / ids.shape[1];
    return product(x.floats() + row * n, w.data() + (ids.ints()[slot] * out + i % out) * n, n);
  });
}

TEST(Oracle, RmsNormDividesByTheRootOfTheMeanSquare) {
  expect_formula("RmsNorm", row_cases(), [](const Evaluation& e, const std::vector<float>& w, int64_t i) {
    const int64_t n = e.input(0).shape.back();
    const float* row = e.input(0).floats() + i / n * n;
    return row[i % n] / std::sqrt(product(row, row, n) / static_cast<double>(n) + 1e-5) * w[static_cast<size_t>(i % n)];
  });
}

TEST(Oracle, RopeTurnsPairsAsComplexNumbers) {
  expect_formula("Rope", row_cases(), [](const Evaluation& e, const std::vector<float>&, int64_t i) {
    const Data& x = e.input(0);
    const auto& frequencies = *core::floats_attribute(e.node(), "inv_freq");
    const auto pairs = static_cast<int64_t>(frequencies.size());
    const int64_t dim = x.shape[2], d = i % dim;
    if (d >= 2 * pairs) return double{x.floats()[i]};
    const bool interleaved = core::int_attribute(e.node(), "interleaved").value_or(0) != 0;
    const int64_t pair = interleaved ? d / 2 : d % pairs;
    const float* head = x.floats() + i / dim * dim;
    const std::complex<double> z(head[interleaved ? 2 * pair : pair], head[interleaved ? 2 * pair + 1 : pair + pairs]);
    const float angle = static_cast<float>(e.input(1).ints()[i / (dim * x.shape[1])]) * frequencies[static_cast<size_t>(pair)];
    const std::complex<double> turned = z * std::polar(*core::float_attribute(e.node(), "scale"), double{angle});
    return (interleaved ? d % 2 == 0 : d < pairs) ? turned.real() : turned.imag();
  });
}

TEST(Oracle, AttentionIsSoftmaxOfScoresTimesValues) {
  expect_formula("Attention", attention_cases(), [](const Evaluation& e, const std::vector<float>&, int64_t i) {
    const Data &q = e.input(0), &y = e.output(0);
    const KtBatch& batch = e.batch().view();
    const int64_t heads = q.shape[1], dim = q.shape[2], values = y.shape[2], token = i / (heads * values);
    const int64_t head = i / values % heads, kv_head = head * e.state()->spec().heads / heads;
    const int32_t table_row = e.batch().segments()[static_cast<size_t>(batch.token_segment[token])].table_row;
    const int64_t window = core::int_attribute(e.node(), "window").value_or(0);
    long double sum = 0, total = 0;
    for (int32_t p = batch.token_position[token]; p >= 0; --p) {
      if (window > 0 && p + window <= batch.token_position[token]) break;
      const std::vector<float> key = e.state()->key(table_row, p, kv_head);
      const std::vector<float> value = e.state()->spec().value_dim > 0 ? e.state()->value(table_row, p, kv_head) : key;
      const long double share = std::exp(static_cast<long double>(
          product(q.floats() + (token * heads + head) * dim, key.data(), dim) * *core::float_attribute(e.node(), "scale")));
      total += share;
      sum += share * static_cast<long double>(value[static_cast<size_t>(i % values)]);
    }
    return static_cast<double>(sum / total);
  });
}

TEST(Oracle, WeightedSumAddsTheSlots) {
  expect_formula("WeightedSum", row_cases(), [](const Evaluation& e, const std::vector<float>&, int64_t i) {
    const int64_t slots = e.input(0).shape[1], dim = e.input(0).shape[2], t = i / dim;
    return product(e.input(1).floats() + t * slots, e.input(0).floats() + t * slots * dim + i % dim, slots, dim);
  });
}

// The results of a class on one row, with attributes.
std::vector<std::vector<float>> results(const char* class_name, const std::vector<float>& row, std::vector<Attribute> attributes,
                                        size_t outputs = 1) {
  Case spec{.class_name = class_name, .name = "known", .inputs = {{.shape = {static_cast<int64_t>(row.size())}}}};
  spec.segments = {{0, 1, 0}};
  spec.build = [&](GraphBuilder& g, const std::vector<Value>& v) {
    const NodeSpec node{.name = "node", .class_name = class_name, .inputs = v, .attributes = attributes};
    if (outputs == 1) return std::vector{g.node(node)};
    const auto both = g.nodes<2>(node);
    return std::vector<Value>(both.begin(), both.end());
  };
  auto built = build_case(registry().classes(), spec);
  if (!built.ok()) return {};
  std::copy(row.begin(), row.end(), built->inputs[0].floats());
  const auto e = Evaluation::make(registry(), *built, built->inputs, spec.segments);
  std::vector<std::vector<float>> out(outputs);
  for (size_t o = 0; e.ok() && o < outputs; ++o)
    for (int64_t i = 0; i < e->output(o).count(); ++i) out[o].push_back(e->output(o).value(i));
  return out;
}

using Row = std::vector<float>;

TEST(Oracle, TopKIsDescendingWithTiesByLowerIndex) {
  const auto out = results("TopK", {1, 5, 3, 5, -2, 5, 3}, {{"k", int64_t{5}}}, 2);
  EXPECT_EQ(out[0], (Row{1, 3, 5, 2, 6}));
  EXPECT_EQ(out[1], (Row{5, 5, 5, 3, 3}));
}

TEST(Oracle, GroupMaskKeepsTheBestGroups) {
  const std::vector<float> row = {9, 0, 0, 5, 5, 0, 1, 2, 0, 4, 4, 4};
  const std::vector<Attribute> max = {{"groups", int64_t{4}}, {"used", int64_t{2}}, {"score", "max"}};
  const std::vector<Attribute> top2 = {{"groups", int64_t{4}}, {"used", int64_t{2}}, {"score", "top2"}};
  EXPECT_EQ(results("GroupMask", row, max)[0], (Row{9, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(results("GroupMask", {7, 0, 0, 5, 5, 0, 1, 2, 0, 4, 4, 4}, top2)[0], (Row{0, 0, 0, 5, 5, 0, 0, 0, 0, 4, 4, 4}));
  EXPECT_EQ(results("GroupMask", {1, 1, 1, 1, 1, 1, 1, 1}, max)[0], (Row{1, 1, 1, 1, 0, 0, 0, 0}));
}

TEST(Oracle, ActivationsHaveTheirKnownValues) {
  const auto near = [](const std::vector<std::vector<float>>& got, const Row& want) {
    ASSERT_EQ(got[0].size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[0][i], want[i], 2e-7 * (std::fabs(want[i]) + 0.01)) << i;
  };
  near(results("Softmax", {0, std::log(2.0f), std::log(3.0f), -INFINITY}, {}), {1.0f / 6, 1.0f / 3, 0.5f, 0});
  near(results("NormalizeSum", {1, 2, 5}, {{"eps", 1e-20}}), {0.125f, 0.25f, 0.625f});
  near(results("Sigmoid", {0, std::log(3.0f), -200}, {}), {0.5f, 0.75f, 0});
  near(results("Silu", {0, std::log(3.0f), -200, 90}, {}), {0, 0.75f * std::log(3.0f), 0, 90});
  near(results("Gelu", {0, 1, -1, 3}, {{"approximate", "none"}}), {0, 0.841344746f, -0.158655254f, 2.99595031f});
  near(results("Gelu", {0, 1, -1, 3}, {{"approximate", "tanh"}}), {0, 0.841191991f, -0.158808009f, 2.99636261f});
  near(results("Tanh", {0, 0.5493061443f}, {}), {0, 0.5f});
  near(results("Relu", {-3, 0, 4}, {}), {0, 0, 4});
  near(results("Exp", {0, 1}, {}), {1, 2.718281828f});
  near(results("Scale", {1, -2}, {{"factor", 2.5}}), {2.5f, -5});
  near(results("Clamp", {-7, 0.5f, 7}, {{"minimum", -1.0}, {"maximum", 2.0}}), {-1, 0.5f, 2});
  near(results("Cast", {1.00390625f, 2.7f, -2.7f}, {{"dtype", "bf16"}}), {1, 2.703125f, -2.703125f});
  near(results("Cast", {2.7f, -2.7f, 1e20f}, {{"dtype", "i32"}}), {2, -2, 2147483648.0f});
}

}  // namespace
}  // namespace kt::conformance
