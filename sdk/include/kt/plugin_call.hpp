// One run of an operator: its threads, its scratch memory, the batch and the state.
#ifndef KT_PLUGIN_CALL_HPP
#define KT_PLUGIN_CALL_HPP

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "kt/abi.h"
#include "kt/plugin_status.hpp"

namespace kt {

class Call {
 public:
  Call(const KtHost& host, const KtCall& call) : host_(host), call_(call) {}

  const KtHost& host() const { return host_; }
  const KtCall& raw() const { return call_; }
  const KtBatch& batch() const { return *call_.batch; }
  const KtPagedState* state() const { return call_.state; }  // null for a node without state
  void* stream() const { return call_.stream; }              // the device's own; null on the CPU
  int32_t threads() const { return host_.team_size(call_.context); }

  // scratch_size() bytes, 64-byte aligned, content undefined.
  template <class T = unsigned char>
  T* scratch(uint64_t byte_offset = 0) const {
    return reinterpret_cast<T*>(static_cast<unsigned char*>(call_.scratch) + byte_offset);
  }

  // body(i) for every i of [0, count), or body(begin, end, thread) for chunks of about `grain` items, on the call's threads.
  template <class Body>
  Status parallel_for(int64_t count, Body&& body) {
    return parallel_for(count, 1, body);
  }
  template <class Body>
  Status parallel_for(int64_t count, int64_t grain, Body&& body) {
    Loop<std::remove_reference_t<Body>> loop{body};
    host_.parallel_for(call_.context, count, grain, Loop<std::remove_reference_t<Body>>::run, &loop);
    return loop.failed.load() ? error("an exception was thrown on a thread of the operator") : Status();
  }
  // body(thread, threads) on every thread at once; barrier() may be used inside. The body must not throw.
  template <class Body>
  void region(Body&& body) {
    using Function = std::remove_reference_t<Body>;
    const KtRegionFn run = [](void* user, int32_t thread, int32_t threads) noexcept {
      (*static_cast<Function*>(user))(thread, threads);
    };
    host_.parallel_region(call_.context, run, const_cast<std::remove_const_t<Function>*>(&body));
  }
  void barrier() { host_.team_barrier(call_.context); }

 private:
  template <class Body>
  struct Loop {
    Body& body;
    std::atomic<bool> failed{false};

    static void run(void* user, int64_t begin, int64_t end, int32_t thread) noexcept {
      Loop& loop = *static_cast<Loop*>(user);
      try {
        if constexpr (std::is_invocable_v<Body&, int64_t, int64_t, int32_t>) {
          loop.body(begin, end, thread);
        } else {
          for (int64_t i = begin; i < end; ++i) loop.body(i);
        }
      } catch (...) {
        loop.failed.store(true);
      }
    }
  };

  const KtHost& host_;
  const KtCall& call_;
};

}  // namespace kt

#endif
