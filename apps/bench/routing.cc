#include "apps/bench/routing.h"

#include <algorithm>

namespace kt::bench {
namespace {

class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

 private:
  uint64_t state_;
};

}  // namespace

std::vector<int32_t> draw_experts(uint64_t draw, int64_t rows, int64_t used, int64_t experts) {
  SplitMix64 random(draw);
  std::vector<int32_t> ids;
  ids.reserve(static_cast<size_t>(rows * used));
  for (int64_t row = 0; row < rows; ++row) {
    const auto first = static_cast<std::ptrdiff_t>(ids.size());
    while (static_cast<std::ptrdiff_t>(ids.size()) < first + used) {
      const auto id = static_cast<int32_t>(random.next() % static_cast<uint64_t>(experts));
      if (std::find(ids.begin() + first, ids.end(), id) == ids.end()) ids.push_back(id);
    }
    std::sort(ids.begin() + first, ids.end());
  }
  return ids;
}

int64_t distinct(std::vector<int32_t> ids) {
  std::sort(ids.begin(), ids.end());
  return std::unique(ids.begin(), ids.end()) - ids.begin();
}

}  // namespace kt::bench
