// Attention over pages: against double arithmetic, and equal to the bit however batch and threads divide the work.
#include "plugins/cpu/ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/cpu/paged_batch.h"

namespace kt::cpu {
namespace {

using test::PagedBatch;
using test::PagedSegment;
using test::PagedShape;
using test::Random;
using test::Tensor;
using test::TestNode;

struct Case {
  int64_t heads = 4;
  PagedShape pages;
  std::vector<PagedSegment> segments;
  int64_t latent_value_dim = 0;  // of the latent form
};

// Inputs and output of one run.
struct Rows {
  Tensor q, k, v, out;

  Rows(const Case& c, int64_t tokens, uint64_t seed) {
    Random random(seed);
    const PagedShape& p = c.pages;
    q = Tensor::floats({tokens, c.heads, p.key_dim}, 3).fill([&] { return random.uniform(-2, 2); });
    k = Tensor::floats({tokens, p.kv_heads, p.key_dim}, 2).fill(random);
    v = Tensor::floats({tokens, p.kv_heads, std::max<int64_t>(p.value_dim, 1)}, 1).fill(random);
    out = Tensor::floats({tokens, c.heads, value_dim(c)}, 4);
  }
  static int64_t value_dim(const Case& c) { return c.latent_value_dim > 0 ? c.latent_value_dim : c.pages.value_dim; }
};

TestNode node_of(const Case& c) {
  TestNode node{.attributes = {{"scale", 1 / std::sqrt(static_cast<double>(c.pages.key_dim))}, {"window", c.pages.window}}};
  if (c.latent_value_dim > 0) node.attributes["value_dim"] = c.latent_value_dim;
  return node;
}

test::RunResult run_case(const Case& c, Rows& rows, PagedBatch& batch, int32_t threads) {
  std::vector<const Tensor*> inputs = {&rows.q, &rows.k};
  if (c.latent_value_dim == 0) inputs.push_back(&rows.v);
  return test::run<Attention>(node_of(c), inputs, {&rows.out}, threads, &batch.batch(), &batch.state());
}

void expect_matches_double(const Case& c, const Rows& rows, const PagedBatch& batch) {
  const double scale = static_cast<float>(1 / std::sqrt(static_cast<double>(c.pages.key_dim))), epsilon = 0x1p-24;
  const int64_t dims = Rows::value_dim(c), group = c.heads / c.pages.kv_heads;
  for (int64_t t = 0; t < batch.tokens(); ++t)
    for (int64_t h = 0; h < c.heads; ++h) {
      const float* query = rows.q.row(t * c.heads + h);
      std::vector<double> magnitude;
      const auto exact = batch.attend(query, batch.segment_of(t), batch.position_of(t), h / group, dims, scale, &magnitude);
      // A score is a sum of key_dim products of up to 2: its error is a relative error of the weight. Then the sums over
      // positions: chains of 256 in a split, and a few roundings for every merge of splits.
      double products = 0;
      for (int64_t i = 0; i < c.pages.key_dim; ++i) products += std::fabs(static_cast<double>(query[i]));
      const double splits = static_cast<double>(batch.position_of(t)) / 256 + 1;
      const double bound =
          epsilon * (2 * products * scale * (static_cast<double>(c.pages.key_dim) / 8 + 6) + 256 + 8 * splits + 16);
      for (int64_t i = 0; i < dims; ++i)
        ASSERT_NEAR(rows.out.row(t * c.heads + h)[i], exact[static_cast<size_t>(i)],
                    bound * magnitude[static_cast<size_t>(i)] + 1e-30)
            << "token " << t << " head " << h << " dim " << i;
    }
}

void check(const Case& c, uint64_t seed = 1) {
  for (const int32_t threads : {1, 3}) {
    PagedBatch batch(c.pages, c.segments, seed);
    Rows rows(c, batch.tokens(), seed + 1);
    const auto result = run_case(c, rows, batch, threads);
    ASSERT_EQ(result.status, KT_OK) << result.error;
    EXPECT_TRUE(rows.out.gaps_untouched());
    expect_matches_double(c, rows, batch);
  }
}

TEST(CpuAttention, MatchesDoubleAtEveryHeadSize) {
  for (const int64_t dim : {1, 7, 16, 17, 64, 80, 96, 100, 128, 192})
    check({.heads = 4, .pages = {.kv_heads = 2, .key_dim = dim, .value_dim = dim}, .segments = {{0, 5}, {40, 1}}});
}

TEST(CpuAttention, KeyAndValueSizesMayDiffer) {
  check({.heads = 6, .pages = {.kv_heads = 3, .key_dim = 24, .value_dim = 56}, .segments = {{3, 4}}});
  check({.heads = 2, .pages = {.kv_heads = 2, .key_dim = 192, .value_dim = 128}, .segments = {{300, 2}}});
}

TEST(CpuAttention, GroupsThatDoNotDivideATileWork) {
  for (const int64_t group : {1, 3, 7, 16, 20})
    check({.heads = 2 * group, .pages = {.kv_heads = 2, .key_dim = 32, .value_dim = 32}, .segments = {{250, 9}}});
}

TEST(CpuAttention, PagesOfEveryTypeAndSizeAreRead) {
  for (const int32_t dtype : {KT_F32, KT_F16, KT_BF16})
    for (const int32_t page_size : {1, 5, 32, 300})
      check({.heads = 8,
             .pages = {.kv_heads = 2, .key_dim = 72, .value_dim = 40, .page_size = page_size, .dtype = dtype},
             .segments = {{270, 3}, {0, 2}}});
}

TEST(CpuAttention, LatentFormTakesValuesFromTheKeys) {
  for (const int32_t dtype : {KT_F32, KT_BF16})
    check({.heads = 20,
           .pages = {.kv_heads = 1, .key_dim = 90, .value_dim = 0, .dtype = dtype},
           .segments = {{600, 1}, {0, 3}},
           .latent_value_dim = 70});
}

TEST(CpuAttention, LongSequencesAreCutIntoSplits) {
  check({.heads = 4,
         .pages = {.kv_heads = 1, .key_dim = 16, .value_dim = 16},
         .segments = {{5000, 1}, {255, 1}, {256, 1}, {511, 3}}});
}

TEST(CpuAttention, SequencesLongerThanAllSlotsAreMergedPartByPart) {
  // 14 000 positions are 55 splits; two tiles need more slots than a team of one or three has.
  check({.heads = 2,
         .pages = {.kv_heads = 2, .key_dim = 4, .value_dim = 4, .page_size = 64},
         .segments = {{14000, 1}, {13000, 2}}});
}

TEST(CpuAttention, PagesBehindTheWindowAreNeverTouched) {
  for (const int64_t window : {1, 16, 100, 300})
    check({.heads = 4,
           .pages = {.kv_heads = 2, .key_dim = 20, .value_dim = 20, .window = window, .page_size = 8},
           .segments = {{0, 40}, {777, 1}, {300, 20}, {95, 3}}});
}

TEST(CpuAttention, RowsAreEqualToTheBitInEveryBatchAndTeam) {
  const Case all{.heads = 8,
                 .pages = {.kv_heads = 2, .key_dim = 40, .value_dim = 24, .dtype = KT_F16},
                 .segments = {{3000, 1}, {0, 30}, {509, 6}, {700, 2}}};
  PagedBatch together(all.pages, all.segments, 5);
  Rows rows(all, together.tokens(), 6);
  ASSERT_EQ(run_case(all, rows, together, 3).status, KT_OK);
  for (int64_t t = 0; t < together.tokens(); ++t) {
    // The same token alone: what came before it in its segment is history now.
    Case one = all;
    one.segments = {{together.position_of(t), 1}};
    PagedBatch alone(one.pages, one.segments, 99);
    alone.copy_history(0, together, together.segment_of(t));
    Rows row(one, 1, 1);
    for (int64_t h = 0; h < 8; ++h) std::copy_n(rows.q.row(t * 8 + h), 40, row.q.row(h));
    for (int64_t h = 0; h < 2; ++h) {
      std::copy_n(rows.k.row(t * 2 + h), 40, row.k.row(h));
      std::copy_n(rows.v.row(t * 2 + h), 24, row.v.row(h));
    }
    ASSERT_EQ(run_case(one, row, alone, 1 + static_cast<int32_t>(t % 3)).status, KT_OK);
    for (int64_t h = 0; h < 8; ++h)
      for (int64_t i = 0; i < 24; ++i) ASSERT_EQ(rows.out.row(t * 8 + h)[i], row.out.row(h)[i]) << "token " << t << " head " << h;
  }
}

TEST(CpuAttention, NanOfALaterTokenDoesNotReachEarlierOnes) {
  const Case c{.heads = 4, .pages = {.kv_heads = 1, .key_dim = 32, .value_dim = 32}, .segments = {{10, 6}}};
  PagedBatch batch(c.pages, c.segments, 3), other(c.pages, c.segments, 3);
  Rows rows(c, 6, 4), poisoned(c, 6, 4);
  for (int64_t i = 0; i < 32; ++i) poisoned.k.row(3)[i] = poisoned.v.row(3)[i] = std::nanf("");
  ASSERT_EQ(run_case(c, rows, batch, 1).status, KT_OK);
  ASSERT_EQ(run_case(c, poisoned, other, 1).status, KT_OK);
  for (int64_t r = 0; r < 6 * 4; ++r)
    for (int64_t i = 0; i < 32; ++i) {
      if (r / 4 < 3)
        ASSERT_EQ(poisoned.out.row(r)[i], rows.out.row(r)[i]);
      else
        ASSERT_TRUE(std::isnan(poisoned.out.row(r)[i]));
    }
}

TEST(CpuAttention, MissingPagesAndForeignShapesAreRefused) {
  const Case c{.heads = 2, .pages = {.kv_heads = 2, .key_dim = 8, .value_dim = 8, .page_size = 4}, .segments = {{9, 1}}};
  Rows rows(c, 1, 1);
  PagedBatch hole(c.pages, c.segments, 1);
  std::vector<int32_t> table = {0, -1, 2};
  hole.state().block_table = table.data();
  const auto missing = run_case(c, rows, hole, 1);
  EXPECT_EQ(missing.status, KT_INVALID);
  EXPECT_NE(missing.error.find("block table"), std::string::npos);
  PagedShape other = c.pages;
  other.key_dim = 9;
  PagedBatch foreign(other, c.segments, 1);
  EXPECT_EQ(run_case(c, rows, foreign, 1).status, KT_INVALID);
}

}  // namespace
}  // namespace kt::cpu
