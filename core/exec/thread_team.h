// The one pool of threads: work is claimed in chunks, idle threads spin briefly and then sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "core/plugin/call_context.h"

namespace kt::core {

// The calling thread is thread 0 of every region; the others are started once and live as long as the team.
// A loop is ended by whoever is awake: a thread that the system has not woken yet, or that another program has displaced, is not
// waited for. A region waits for all threads.
// Not reentrant: a region must not start another one, and one thread at a time may use a team.
class ThreadTeam final : public KtCallContext {
 public:
  // threads >= 1. `numa_node` >= 0 binds the team's threads to that node's processors.
  explicit ThreadTeam(int threads, int numa_node = -1);
  ~ThreadTeam() override;
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  void parallel_for(int64_t count, int64_t grain, KtRangeFn function, void* user) override;
  void parallel_region(KtRegionFn function, void* user) override;
  void barrier() override;
  int32_t threads() const override { return threads_; }

  // Processors this process may use.
  static int available_processors();

 private:
  void worker(int thread, int numa_node);
  void publish(uint64_t kind);
  void wait_for_work(uint32_t seen) const;
  uint32_t take_work(int thread, uint32_t seen);

  int threads_;
  std::atomic<uint32_t> generation_{0};  // of the newest work; workers sleep on it
  std::atomic<uint64_t> ticket_{0};      // who may join a loop, see the source
  std::atomic<int32_t> running_{0};
  std::atomic<int32_t> barrier_arrived_{0};
  std::atomic<uint32_t> barrier_generation_{0};
  std::atomic<bool> stop_{false};
  KtRegionFn function_ = nullptr;
  void* user_ = nullptr;
  std::vector<std::thread> workers_;
};

}  // namespace kt::core
