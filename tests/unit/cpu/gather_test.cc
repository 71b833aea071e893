// Operators that pick by index, and casts.
#include "plugins/cpu/ops/gather.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "kt/format/float16.h"
#include "tests/unit/cpu/operator_run.h"

namespace kt::cpu {
namespace {

using test::Random;
using test::Tensor;

TEST(CpuGather, TopKIsDescendingWithTiesByLowerIndex) {
  const std::vector<float> row = {1, 5, 3, 5, -2, 3, 5, 0};
  Tensor x = Tensor::floats({1, 8}, 3);
  std::copy(row.begin(), row.end(), x.row(0));
  Tensor ids = Tensor::integers({1, 6}), values = Tensor::floats({1, 6});
  ASSERT_EQ(test::run<TopK>({}, {&x}, {&ids, &values}).status, KT_OK);
  const std::vector<int32_t> expected = {1, 3, 6, 2, 5, 0};
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(ids.integer_row(0)[i], expected[i]);
    EXPECT_EQ(values.row(0)[i], row[static_cast<size_t>(expected[i])]);
  }
}

TEST(CpuGather, TopKMatchesAStableSort) {
  Random random(3);
  for (const int64_t n : {1, 4, 60, 256}) {
    const int64_t k = std::min<int64_t>(n, 8);
    Tensor x = Tensor::floats({50, n}).fill([&] { return static_cast<float>(random.below(12)); });
    Tensor ids = Tensor::integers({50, k}), values = Tensor::floats({50, k});
    ASSERT_EQ(test::run<TopK>({}, {&x}, {&ids, &values}, 3).status, KT_OK);
    for (int64_t r = 0; r < 50; ++r) {
      std::vector<int32_t> order(static_cast<size_t>(n));
      for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int32_t>(i);
      std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return x.row(r)[a] > x.row(r)[b]; });
      for (int64_t i = 0; i < k; ++i) ASSERT_EQ(ids.integer_row(r)[i], order[static_cast<size_t>(i)]);
    }
  }
}

TEST(CpuGather, TopKPutsNanLastAndGivesValidIndices) {
  Tensor x = Tensor::floats({1, 4}).fill([] { return std::numeric_limits<float>::quiet_NaN(); });
  x.row(0)[2] = -7;
  Tensor ids = Tensor::integers({1, 3}), values = Tensor::floats({1, 3});
  ASSERT_EQ(test::run<TopK>({}, {&x}, {&ids, &values}).status, KT_OK);
  EXPECT_EQ(ids.integer_row(0)[0], 2);
  EXPECT_EQ(ids.integer_row(0)[1], 0);
  EXPECT_EQ(ids.integer_row(0)[2], 1);
}

Tensor masked(const std::vector<float>& row, int64_t groups, int64_t used, const char* score) {
  Tensor x = Tensor::floats({1, static_cast<int64_t>(row.size())}), y = x;
  std::copy(row.begin(), row.end(), x.row(0));
  const test::TestNode node{.attributes = {{"groups", groups}, {"used", used}, {"score", std::string(score)}}};
  EXPECT_EQ(test::run<GroupMask>(node, {&x}, {&y}).status, KT_OK);
  return y;
}

TEST(CpuGather, GroupMaskKeepsTheBestGroups) {
  const std::vector<float> row = {9, 0, 0, 5, 5, 1, 4, 4, 4, -1, -2, -3};
  const Tensor most = masked(row, 4, 2, "max"), two = masked(row, 4, 2, "top2");
  for (size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(most.row(0)[i], i < 6 ? row[i] : 0);  // groups 0 (9) and 1 (5)
    EXPECT_EQ(two.row(0)[i], i < 6 ? row[i] : 0);   // 5 + 5, then 9 + 0
  }
  const Tensor one = masked(row, 4, 1, "top2");
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(one.row(0)[i], i >= 3 && i < 6 ? row[i] : 0);
  const Tensor tie = masked({1, 2, 2, 1}, 2, 1, "max");
  EXPECT_EQ(tie.row(0)[1], 2);
  EXPECT_EQ(tie.row(0)[2], 0);
}

TEST(CpuGather, GroupMaskRefusesAnUnknownScore) {
  Tensor x = Tensor::floats({1, 4}), y = x;
  const test::TestNode node{.attributes = {{"groups", int64_t{2}}, {"used", int64_t{1}}, {"score", std::string("mean")}}};
  const auto result = test::run<GroupMask>(node, {&x}, {&y});
  EXPECT_EQ(result.status, KT_INVALID);
  EXPECT_NE(result.error.find("mean"), std::string::npos);
}

TEST(CpuGather, TakeAlongAndGatherRowsPickByIndex) {
  Random random(5);
  const Tensor x = Tensor::floats({4, 9}, 2).fill(random);
  const Tensor ids = Tensor::integers({4, 2}, {8, 0, 3, 3, 1, 2, 7, 6}), rows = Tensor::integers({3}, {3, 0, 3});
  Tensor taken = Tensor::floats({4, 2}, 1), gathered = Tensor::floats({3, 9}, 4);
  ASSERT_EQ(test::run<TakeAlong>({}, {&x, &ids}, {&taken}).status, KT_OK);
  ASSERT_EQ(test::run<GatherRows>({}, {&x, &rows}, {&gathered}, 3).status, KT_OK);
  EXPECT_EQ(taken.row(0)[0], x.row(0)[8]);
  EXPECT_EQ(taken.row(3)[1], x.row(3)[6]);
  for (int64_t i = 0; i < 9; ++i) {
    EXPECT_EQ(gathered.row(0)[i], x.row(3)[i]);
    EXPECT_EQ(gathered.row(1)[i], x.row(0)[i]);
  }
  EXPECT_TRUE(gathered.gaps_untouched());
}

TEST(CpuGather, IndicesOutOfRangeAreRefused) {
  const Tensor x = Tensor::floats({4, 9});
  Tensor y = Tensor::floats({1, 9}), taken = Tensor::floats({4, 1});
  for (const int32_t row : {-1, 4}) {
    const Tensor rows = Tensor::integers({1}, {row});
    EXPECT_EQ(test::run<GatherRows>({}, {&x, &rows}, {&y}).status, KT_INVALID);
  }
  const Tensor ids = Tensor::integers({4, 1}, {0, 1, 9, 2});
  EXPECT_EQ(test::run<TakeAlong>({}, {&x, &ids}, {&taken}).status, KT_INVALID);
}

// A tensor of 16-bit elements in the memory of an int32 tensor.
KtTensor half_view(const Tensor& memory, int32_t dtype, int64_t n) {
  KtTensor view = memory.view();
  view.dtype = dtype;
  view.shape[0] = view.stride[0] = 1;
  view.rank = 2;
  view.shape[0] = 1;
  view.stride[0] = n;
  view.shape[1] = n;
  view.stride[1] = 1;
  return view;
}

KtStatus cast(const KtTensor& from, const KtTensor& to) {
  static constexpr KtOperatorDef kDef = OperatorTable<Cast>::def("cpu.cast", "Cast");
  const KtTensor *in = &from, *out = &to;
  KtHost host{};
  host.set_error = [](const char*) {};
  host.parallel_for = [](KtCallContext*, int64_t count, int64_t, KtRangeFn function, void* user) { function(user, 0, count, 0); };
  KtCall call{};
  call.input_count = call.output_count = 1;
  call.inputs = &in;
  call.outputs = &out;
  Cast self;
  return kDef.run(&self, &host, &call);
}

TEST(CpuGather, CastsToHalfTypesRoundLikeTheScalarConversions) {
  Random random(9);
  std::vector<float> values = {0.0f, -0.0f, 1.0f, 65504.0f, 65519.0f, 65520.0f, 1e-8f, 6e-8f, 3e38f, -1e-40f, 2049.0f, 2051.0f};
  values.push_back(std::numeric_limits<float>::infinity());
  while (values.size() < 1003) {
    const uint32_t bits = random.bits();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    if (value == value) values.push_back(value);
  }
  const auto n = static_cast<int64_t>(values.size());
  Tensor x = Tensor::floats({1, n}), back = Tensor::floats({1, n}), halves = Tensor::integers({1, n});
  std::copy(values.begin(), values.end(), x.row(0));
  for (const int32_t dtype : {KT_F16, KT_BF16}) {
    const KtTensor view = half_view(halves, dtype, n);
    ASSERT_EQ(cast(x.view(), view), KT_OK);
    ASSERT_EQ(cast(view, back.view()), KT_OK);
    const auto* bits = static_cast<const uint16_t*>(view.data);
    for (int64_t i = 0; i < n; ++i) {
      const float value = values[static_cast<size_t>(i)];
      ASSERT_EQ(bits[i], dtype == KT_F16 ? format::f16_from_f32(value) : format::bf16_from_f32(value)) << value;
      ASSERT_EQ(back.row(0)[i], dtype == KT_F16 ? format::f32_from_f16(bits[i]) : format::f32_from_bf16(bits[i])) << value;
    }
  }
}

TEST(CpuGather, CastsToIntegersTruncateAndSaturate) {
  const std::vector<float> values = {1.9f, -1.9f, 3e9f, -3e9f, std::numeric_limits<float>::quiet_NaN(), 16777216.0f};
  const std::vector<int32_t> expected = {1, -1, INT32_MAX, INT32_MIN, 0, 16777216};
  Tensor x = Tensor::floats({1, 6}), y = Tensor::integers({1, 6}), back = Tensor::floats({1, 6});
  std::copy(values.begin(), values.end(), x.row(0));
  ASSERT_EQ(cast(x.view(), y.view()), KT_OK);
  ASSERT_EQ(cast(y.view(), back.view()), KT_OK);
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(y.integer_row(0)[i], expected[i]);
    EXPECT_EQ(back.row(0)[i], static_cast<float>(expected[i]));
  }
}

}  // namespace
}  // namespace kt::cpu
