// An in-order queue of work with a thread of its own, and events that order two of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "kt/abi.h"

namespace kt::fake {

class Event {
 public:
  uint64_t next_record() { return ++recorded_; }  // called by the host
  uint64_t last_record() const { return recorded_; }
  void finish(uint64_t record);
  void wait(uint64_t record);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t recorded_ = 0;
  uint64_t done_ = 0;
};

class Stream {
 public:
  using Work = std::function<KtStatus()>;

  Stream();
  ~Stream();  // finishes what is queued
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // After a failure work is skipped until wait() has reported it. `always` work is not skipped.
  void queue(Work work, bool always = false);
  // Blocks until everything is done; the first failure since the last wait.
  KtStatus wait();

 private:
  struct Item {
    Work work;
    bool always;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool busy_ = false, stop_ = false;
  KtStatus failure_ = KT_OK;
  std::thread thread_;
};

}  // namespace kt::fake
