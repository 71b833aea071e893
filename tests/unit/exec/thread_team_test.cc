#include "core/exec/thread_team.h"

#include <gtest/gtest.h>

#include <numeric>

namespace kt::core {
namespace {

class Team : public testing::TestWithParam<int> {};

TEST_P(Team, VisitsEveryItemOnce) {
  ThreadTeam team(GetParam());
  for (const int64_t count : {0, 1, 2, 63, 64, 65, 1000})
    for (const int64_t grain : {1, 7, 64, 5000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      const KtRangeFn visit = [](void* user, int64_t begin, int64_t end, int32_t) {
        for (int64_t i = begin; i < end; ++i) ++(*static_cast<std::vector<std::atomic<int>>*>(user))[static_cast<size_t>(i)];
      };
      team.parallel_for(count, grain, visit, &seen);
      for (const auto& times : seen) EXPECT_EQ(times, 1);
    }
}

TEST_P(Team, ThreadNumbersLieInTheTeam) {
  ThreadTeam team(GetParam());
  std::vector<std::atomic<int>> by_thread(static_cast<size_t>(GetParam()));
  const KtRegionFn note = [](void* user, int32_t thread, int32_t threads) {
    auto& counts = *static_cast<std::vector<std::atomic<int>>*>(user);
    EXPECT_EQ(threads, static_cast<int32_t>(counts.size()));
    ++counts[static_cast<size_t>(thread)];
  };
  for (int round = 0; round < 200; ++round) team.parallel_region(note, &by_thread);
  for (const auto& count : by_thread) EXPECT_EQ(count, 200);
}

struct Rounds {
  ThreadTeam* team;
  std::vector<int> values;
  std::atomic<int> wrong{0};
};

TEST_P(Team, NoThreadPassesABarrierBeforeAllArrive) {
  ThreadTeam team(GetParam());
  Rounds rounds{&team, std::vector<int>(static_cast<size_t>(GetParam())), {}};
  const KtRegionFn step = [](void* user, int32_t thread, int32_t threads) {
    auto& r = *static_cast<Rounds*>(user);
    for (int round = 1; round <= 100; ++round) {
      r.values[static_cast<size_t>(thread)] = round;
      r.team->barrier();
      if (std::accumulate(r.values.begin(), r.values.end(), 0) != round * threads) ++r.wrong;
      r.team->barrier();
    }
  };
  team.parallel_region(step, &rounds);
  EXPECT_EQ(rounds.wrong, 0);
}

// Short loops and regions in turn, so that late threads meet work of another kind.
TEST_P(Team, LateThreadsNeverRunWorkTwiceOrTooLate) {
  ThreadTeam team(GetParam());
  for (int round = 0; round < 3000; ++round) {
    std::atomic<int> items{0}, visits{0};
    const KtRangeFn count_items = [](void* user, int64_t begin, int64_t end, int32_t) {
      *static_cast<std::atomic<int>*>(user) += static_cast<int>(end - begin);
    };
    const KtRegionFn count_visits = [](void* user, int32_t, int32_t) { ++*static_cast<std::atomic<int>*>(user); };
    team.parallel_for(17, 1, count_items, &items);
    ASSERT_EQ(items, 17);
    if (round % 3 == 0) {
      team.parallel_region(count_visits, &visits);
      ASSERT_EQ(visits, GetParam());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Team, testing::Values(1, 2, 3, 8));

}  // namespace
}  // namespace kt::core
