#include "core/exec/thread_team.h"

#include <sched.h>

#include <algorithm>

#include "core/exec/numa.h"
#include "core/exec/signal_stack.h"

namespace kt::core {
namespace {

// Roughly 20 microseconds: longer than the gap between two operators of a decode step, short enough to leave the
// processor to others when there is nothing to do.
constexpr int kSpins = 4000;

// Of a ticket: a loop that may still be joined, or a region; and how many workers have joined the loop. The upper half is the
// generation.
constexpr uint64_t kOpen = uint64_t{1} << 31, kRegion = uint64_t{1} << 30, kActive = kRegion - 1;

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
  publish(0);
  for (std::thread& thread : workers_) thread.join();
}

int ThreadTeam::available_processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

// The new ticket is seen before the new generation.
void ThreadTeam::publish(uint64_t kind) {
  const uint32_t next = generation_.load(std::memory_order_relaxed) + 1;
  ticket_.store(uint64_t{next} << 32 | kind, std::memory_order_release);
  generation_.store(next, std::memory_order_release);
  generation_.notify_all();
}

void ThreadTeam::wait_for_work(uint32_t seen) const {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (generation_.load(std::memory_order_acquire) != seen) return;
    relax();
  }
  generation_.wait(seen, std::memory_order_acquire);
}

// Runs what the ticket offers and gives its generation. A loop is left out if it has ended or if it ends before this thread is
// counted in.
uint32_t ThreadTeam::take_work(int thread, uint32_t seen) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  for (;;) {
    const auto generation = static_cast<uint32_t>(ticket >> 32);
    if (generation == seen || (ticket & (kOpen | kRegion)) == 0) return generation;
    if ((ticket & kRegion) != 0) {
      function_(user_, thread, threads_);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_one();
      return generation;
    }
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    function_(user_, thread, threads_);
    const uint64_t left = ticket_.fetch_sub(1, std::memory_order_acq_rel) - 1;
    if ((left & (kOpen | kActive)) == 0) ticket_.notify_one();
    return generation;
  }
}

void ThreadTeam::worker(int thread, int numa_node) {
  const SignalStack signal_stack;
  if (numa_node >= 0) bind_this_thread(numa_node);
  for (uint32_t seen = 0;;) {
    wait_for_work(seen);
    if (stop_.load(std::memory_order_relaxed)) return;
    seen = take_work(thread, seen);
  }
}

void ThreadTeam::parallel_region(KtRegionFn function, void* user) {
  if (threads_ == 1) return function(user, 0, 1);
  function_ = function;
  user_ = user;
  running_.store(threads_ - 1, std::memory_order_relaxed);
  publish(kRegion);
  function(user, 0, threads_);
  int spin = 0;
  for (int32_t left; (left = running_.load(std::memory_order_acquire)) != 0;) {
    if (++spin < kSpins)
      relax();
    else
      running_.wait(left, std::memory_order_acquire);
  }
}

void ThreadTeam::parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) {
  if (count <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (threads_ == 1 || count <= grain) return function(user, 0, count, 0);
  Loop loop{.count = count, .grain = grain, .function = function, .user = user};
  function_ = run_chunks;
  user_ = &loop;
  publish(kOpen);
  run_chunks(&loop, 0, threads_);
  // From here on nobody joins; those who did end their last chunk.
  uint64_t ticket = ticket_.fetch_and(~kOpen, std::memory_order_acq_rel) & ~kOpen;
  for (int spin = 0; (ticket & kActive) != 0; ticket = ticket_.load(std::memory_order_acquire)) {
    if (++spin < kSpins)
      relax();
    else
      ticket_.wait(ticket, std::memory_order_acquire);
  }
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
