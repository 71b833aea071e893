#include "core/io/mapping_guard.h"

#include <atomic>
#include <cstdint>

namespace kt::core {
namespace {

// A signal handler can reach nothing but what is global, and may not lock: slots are claimed by their begin.
struct Slot {
  std::atomic<uintptr_t> begin{0};
  std::atomic<size_t> size{0};
  std::atomic<const char*> path{nullptr};
};

constexpr size_t kSlots = 1024;  // more mappings than these are not named
Slot g_slots[kSlots];

}  // namespace

void remember_mapping(const void* begin, size_t size, const char* path) {
  for (Slot& slot : g_slots) {
    uintptr_t free = 0;
    if (!slot.begin.compare_exchange_strong(free, reinterpret_cast<uintptr_t>(begin))) continue;
    slot.path.store(path);
    slot.size.store(size);
    return;
  }
}

void forget_mapping(const void* begin) {
  for (Slot& slot : g_slots) {
    if (slot.begin.load() != reinterpret_cast<uintptr_t>(begin)) continue;
    slot.size.store(0);
    slot.begin.store(0);
    return;
  }
}

const char* mapped_path(const void* address) {
  const auto at = reinterpret_cast<uintptr_t>(address);
  for (const Slot& slot : g_slots)
    if (const uintptr_t begin = slot.begin.load(); begin != 0 && at >= begin && at - begin < slot.size.load())
      return slot.path.load();
  return nullptr;
}

}  // namespace kt::core
