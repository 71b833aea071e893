#include "apps/kt/memory_reserve.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace kt::app {
namespace {

constexpr size_t kReserve = 256 << 10;
std::atomic<void*> g_reserve{nullptr};  // the handler of operator new can reach nothing else

void give_reserve() {
  void* reserve = g_reserve.exchange(nullptr);
  if (reserve == nullptr) throw std::bad_alloc();
  std::free(reserve);
}

}  // namespace

void reserve_memory() {
  g_reserve.store(std::malloc(kReserve));
  std::set_new_handler(give_reserve);
}

}  // namespace kt::app
