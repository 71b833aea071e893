#include "core/plan/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace kt::core {
namespace {

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) { return a < b + b_size && b < a + a_size; }

TEST(Arena, ValuesThatLiveTogetherDoNotOverlap) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> values(60);
    for (Lifetime& value : values) {
      value.first_step = static_cast<int>(random() % 40);
      value.last_step = value.first_step + static_cast<int>(random() % 8);
      value.bytes = 1 + random() % 5000;
    }
    const uint64_t size = place(values);
    for (size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(values[i].offset % 64, 0u);
      EXPECT_LE(values[i].offset + values[i].bytes, size);
      for (size_t j = 0; j < i; ++j) {
        const bool together = values[i].first_step <= values[j].last_step && values[j].first_step <= values[i].last_step;
        EXPECT_FALSE(together && overlap(values[i].offset, values[i].bytes, values[j].offset, values[j].bytes));
      }
    }
  }
}

TEST(Arena, ValuesOneAfterTheOtherShareMemory) {
  std::vector<Lifetime> values;
  for (int step = 0; step < 20; ++step) values.push_back({1000, 2 * step, 2 * step + 1, 0});
  EXPECT_EQ(place(values), 1024u);
}

}  // namespace
}  // namespace kt::core
