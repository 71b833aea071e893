#include "core/conformance/team.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

namespace kt::conformance {

struct Team::Gate {
  explicit Gate(int32_t threads) : barrier(threads) {}
  std::barrier<> barrier;
};

Team::Team(int32_t threads) : threads_(threads), gate_(std::make_unique<Gate>(threads)) {}
Team::~Team() = default;

void Team::barrier() { gate_->barrier.arrive_and_wait(); }

void Team::parallel_region(KtRegionFn function, void* user) {
  std::vector<std::thread> others;
  for (int32_t t = 1; t < threads_; ++t) others.emplace_back(function, user, t, threads_);
  function(user, 0, threads_);
  for (std::thread& thread : others) thread.join();
}

void Team::parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) {
  const int64_t size = std::max<int64_t>(grain, 1), chunks = (count + size - 1) / size;
  std::atomic<int64_t> next{0};
  const bool backwards = ++calls_ % 2 == 0;
  const auto work = [&](int32_t thread) {
    for (int64_t i; (i = next.fetch_add(1)) < chunks;) {
      const int64_t chunk = backwards ? chunks - 1 - i : i;
      function(user, chunk * size, std::min((chunk + 1) * size, count), thread);
    }
  };
  std::vector<std::thread> others;
  if (chunks > 1)
    for (int32_t t = 1; t < threads_; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& thread : others) thread.join();
}

}  // namespace kt::conformance
