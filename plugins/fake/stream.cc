#include "plugins/fake/stream.h"

#include <chrono>

#include "plugins/fake/faults.h"

namespace kt::fake {

void Event::finish(uint64_t record) {
  const std::lock_guard lock(mutex_);
  done_ = record;
  changed_.notify_all();
}

void Event::wait(uint64_t record) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_ >= record; });
}

Stream::Stream() : thread_([this] { run(); }) {}

Stream::~Stream() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Stream::queue(Work work, bool always) {
  const std::lock_guard lock(mutex_);
  items_.push_back({std::move(work), always});
  changed_.notify_all();
}

KtStatus Stream::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return items_.empty() && !busy_; });
  const KtStatus failure = failure_;
  failure_ = KT_OK;
  return failure;
}

void Stream::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !items_.empty(); });
    if (items_.empty()) return;
    const Item item = std::move(items_.front());
    items_.pop_front();
    if (failure_ != KT_OK && !item.always) {
      changed_.notify_all();
      continue;
    }
    busy_ = true;
    lock.unlock();
    if (const int64_t delay = faults().value("delay_us", 0); delay > 0 && !item.always)
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
    const KtStatus status = item.work();
    lock.lock();
    busy_ = false;
    if (failure_ == KT_OK) failure_ = status;
    changed_.notify_all();
  }
}

}  // namespace kt::fake
