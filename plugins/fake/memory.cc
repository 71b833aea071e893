#include "plugins/fake/memory.h"

#include <sys/mman.h>

#include "plugins/fake/faults.h"

namespace kt::fake {
namespace {

constexpr uint64_t kHandleBytes = 4096;

}  // namespace

Memory& memory() {
  static Memory only;
  return only;
}

uint64_t device_size() { return static_cast<uint64_t>(faults().value("memory_kib", 1 << 20)) * 1024; }

void* Memory::allocate(int32_t device, uint64_t size) {
  if (used(device) + size > device_size()) return nullptr;
  void* handle = mmap(nullptr, kHandleBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (handle == MAP_FAILED || data == MAP_FAILED) return nullptr;
  const std::lock_guard lock(mutex_);
  blocks_[handle] = {device, static_cast<std::byte*>(data), size};
  return handle;
}

void Memory::release(void* handle) {
  const std::lock_guard lock(mutex_);
  const auto it = blocks_.find(handle);
  if (it == blocks_.end()) return;
  munmap(it->second.data, it->second.size);
  munmap(handle, kHandleBytes);
  blocks_.erase(it);
}

std::byte* Memory::find(void* handle, uint64_t offset, uint64_t size) {
  const std::lock_guard lock(mutex_);
  const auto it = blocks_.find(handle);
  if (it == blocks_.end() || offset > it->second.size || size > it->second.size - offset) return nullptr;
  return it->second.data + offset;
}

uint64_t Memory::used(int32_t device) {
  const std::lock_guard lock(mutex_);
  uint64_t total = 0;
  for (const auto& [handle, block] : blocks_)
    if (block.device == device) total += block.size;
  return total;
}

}  // namespace kt::fake
