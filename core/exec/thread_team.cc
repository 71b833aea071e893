#include "core/exec/thread_team.h"

#include <sched.h>

#include <algorithm>

#include "core/exec/numa.h"

namespace kt::core {
namespace {

// Roughly 20 microseconds: longer than the gap between two operators of a decode step, short enough to leave the
// processor to others when there is nothing to do.
constexpr int kSpins = 4000;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

struct Loop {
  std::atomic<int64_t> next{0};
  int64_t count;
  int64_t grain;
  KtRangeFn function;
  void* user;
};

void run_chunks(void* user, int32_t thread, int32_t) {
  Loop& loop = *static_cast<Loop*>(user);
  for (;;) {
    const int64_t begin = loop.next.fetch_add(loop.grain, std::memory_order_relaxed);
    if (begin >= loop.count) return;
    loop.function(loop.user, begin, std::min(begin + loop.grain, loop.count), thread);
  }
}

}  // namespace

ThreadTeam::ThreadTeam(int threads, int numa_node) : threads_(std::max(threads, 1)) {
  for (int i = 1; i < threads_; ++i) workers_.emplace_back([this, i, numa_node] { worker(i, numa_node); });
}

ThreadTeam::~ThreadTeam() {
  stop_.store(true, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

int ThreadTeam::available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

void ThreadTeam::wait_for_region(uint32_t seen) const {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (generation_.load(std::memory_order_acquire) != seen) return;
    relax();
  }
  generation_.wait(seen, std::memory_order_acquire);
}

void ThreadTeam::worker(int thread, int numa_node) {
  if (numa_node >= 0) bind_this_thread(numa_node);
  uint32_t seen = 0;
  for (;;) {
    wait_for_region(seen);
    seen = generation_.load(std::memory_order_acquire);
    if (stop_.load(std::memory_order_relaxed)) return;
    function_(user_, thread, threads_);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
  }
}

void ThreadTeam::parallel_region(KtRegionFn function, void* user) {
  if (threads_ == 1) return function(user, 0, 1);
  function_ = function;
  user_ = user;
  running_.store(threads_ - 1, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  function(user, 0, threads_);
  int spin = 0;
  for (int32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) {
    if (++spin < kSpins) relax();
    else running_.wait(left, std::memory_order_acquire);
  }
}

void ThreadTeam::parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (threads_ == 1 || count <= grain) return function(user, 0, count, 0);
  Loop loop{.count = count, .grain = grain, .function = function, .user = user};
  parallel_region(run_chunks, &loop);
}

void ThreadTeam::barrier() {
  if (threads_ == 1) return;
  const uint32_t generation = barrier_generation_.load(std::memory_order_acquire);
  if (barrier_arrived_.fetch_add(1, std::memory_order_acq_rel) == threads_ - 1) {
    barrier_arrived_.store(0, std::memory_order_relaxed);
    barrier_generation_.fetch_add(1, std::memory_order_release);
    barrier_generation_.notify_all();
    return;
  }
  for (int spin = 0; spin < kSpins; ++spin) {
    if (barrier_generation_.load(std::memory_order_acquire) != generation) return;
    relax();
  }
  barrier_generation_.wait(generation, std::memory_order_acquire);
}

}  // namespace kt::core
