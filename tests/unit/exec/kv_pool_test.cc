#include "core/exec/kv_pool.h"

#include <gtest/gtest.h>

#include <set>

namespace kt::core {
namespace {

constexpr StateSpec kPlain{"plain", 2, 8, 8, 0};
constexpr StateSpec kWindow{"window", 2, 8, 8, 10};
constexpr StateSpec kLatent{"latent", 1, 12, 0, 0};

KvPool make_pool(const std::vector<StateSpec>& states, int64_t tokens) {
  auto pool = KvPool::create(states, KvOptions{.page_size = 4, .tokens = tokens, .max_sequences = 3});
  EXPECT_TRUE(pool.ok());
  return std::move(*pool);
}

TEST(KvPool, StatesWithEqualRowsAndWindowShareABlockTable) {
  const KvPool pool = make_pool({kPlain, kWindow, kPlain, kLatent}, 32);
  EXPECT_EQ(pool.group_count(), 3u);
  EXPECT_EQ(pool.group_of(0), pool.group_of(2));
  EXPECT_NE(pool.group_of(0), pool.group_of(1));
  EXPECT_EQ(pool.values(3), nullptr);
  EXPECT_NE(pool.keys(0).data, pool.keys(2).data);
}

TEST(KvPool, CountsTheBytesOfAllPages) {
  const KvPool pool = make_pool({kPlain, kLatent}, 32);
  EXPECT_EQ(pool.bytes(), 32u * (2 * (8 + 8) + 12) * sizeof(float));
}

TEST(KvPool, PagesOfTwoSequencesNeverMeet) {
  KvPool pool = make_pool({kPlain}, 32);
  const int32_t a = *pool.open(), b = *pool.open();
  ASSERT_TRUE(pool.reserve(a, 9).ok());
  ASSERT_TRUE(pool.reserve(b, 13).ok());
  std::set<int32_t> pages(pool.block_table(0, a).begin(), pool.block_table(0, a).end());
  pages.insert(pool.block_table(0, b).begin(), pool.block_table(0, b).end());
  EXPECT_EQ(pages.size(), 3u + 4u);
  EXPECT_EQ(pool.free_pages(), 8 - 7);
}

TEST(KvPool, AReserveThatFailsTakesNothing) {
  KvPool pool = make_pool({kPlain, kLatent}, 16);
  const int32_t sequence = *pool.open();
  const Status status = pool.reserve(sequence, 17);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, 503);
  EXPECT_EQ(pool.free_pages(), 4);
  EXPECT_TRUE(pool.reserve(sequence, 16).ok());
}

TEST(KvPool, GivesBackWhatWasReservedAndNotWritten) {
  KvPool pool = make_pool({kPlain}, 32);
  const int32_t sequence = *pool.open();
  ASSERT_TRUE(pool.reserve(sequence, 5).ok());
  pool.commit(sequence, 5);
  ASSERT_TRUE(pool.reserve(sequence, 20).ok());
  pool.release_reserved(sequence);
  EXPECT_EQ(pool.length(sequence), 5);
  EXPECT_EQ(pool.free_pages(), 8 - 2);
}

TEST(KvPool, FreesPagesBehindTheWindow) {
  KvPool pool = make_pool({kWindow}, 32);
  const int32_t sequence = *pool.open();
  ASSERT_TRUE(pool.reserve(sequence, 20).ok());
  pool.commit(sequence, 20);
  // Position 20 sees 11..20, so the pages of 0..3 and 4..7 are free and that of 8..11 is not.
  EXPECT_EQ(pool.block_table(0, sequence)[0], -1);
  EXPECT_EQ(pool.block_table(0, sequence)[1], -1);
  EXPECT_GE(pool.block_table(0, sequence)[2], 0);
  EXPECT_EQ(pool.free_pages(), 8 - 3);
}

TEST(KvPool, DoesNotGoBackToRowsWhoseWindowIsFreed) {
  KvPool pool = make_pool({kWindow}, 32);
  const int32_t sequence = *pool.open();
  ASSERT_TRUE(pool.reserve(sequence, 20).ok());
  pool.commit(sequence, 20);
  EXPECT_EQ(pool.truncate(sequence, 12).error().code, 13);
  EXPECT_EQ(pool.length(sequence), 20);
  EXPECT_TRUE(pool.truncate(sequence, 18).ok());
  EXPECT_TRUE(pool.truncate(sequence, 0).ok());
  EXPECT_EQ(pool.free_pages(), 8);
  ASSERT_TRUE(pool.reserve(sequence, 6).ok());
  EXPECT_GE(pool.block_table(0, sequence)[0], 0);
}

TEST(KvPool, AClosedSequenceLeavesNoPageBehind) {
  KvPool pool = make_pool({kPlain, kWindow}, 32);
  for (int round = 0; round < 100; ++round) {
    const int32_t sequence = *pool.open();
    ASSERT_TRUE(pool.reserve(sequence, 1 + round % 30).ok());
    pool.commit(sequence, 1 + round % 30);
    pool.close(sequence);
  }
  EXPECT_EQ(pool.free_pages(), 8);
}

TEST(KvPool, SaysWhenAllSequencesAreInUse) {
  KvPool pool = make_pool({kPlain}, 32);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.open().ok());
  EXPECT_EQ(pool.open().error().code, 503);
}

TEST(KvPool, RefusesSizesAndTypesItCannotHave) {
  EXPECT_EQ(KvPool::create({kPlain}, KvOptions{.tokens = 0}).error().code, 103);
  EXPECT_EQ(KvPool::create({kPlain}, KvOptions{.dtypes = {KT_Q4_K}}).error().code, 103);
}

TEST(KvPool, RowsOfBlockTypesTakeWholeBlocks) {
  const StateSpec odd{"odd", 2, 33, 20, 0};
  const auto pool = KvPool::create({odd, kLatent}, KvOptions{.page_size = 4, .tokens = 8, .max_sequences = 1, .dtypes = {KT_Q8_0, KT_F16}});
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->row_bytes(0), 2u * (2 * 34 + 34));
  EXPECT_EQ(pool->row_bytes(1), 12u * 2);
  EXPECT_EQ(pool->keys(0).shape[3], 33);
  EXPECT_EQ(pool->keys(0).stride[2], 64);
  EXPECT_EQ(pool->bytes(), 8 * (pool->row_bytes(0) + pool->row_bytes(1)));
}

}  // namespace
}  // namespace kt::core
