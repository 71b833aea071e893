// Memory of the fake devices: handles that nobody can read through, and the memory behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace kt::fake {

class Memory {
 public:
  // nullptr if the device has less than `size` left.
  void* allocate(int32_t device, uint64_t size);
  void release(void* handle);
  // [offset, offset + size) of an allocation, or nullptr if it is not that large or the handle is unknown.
  std::byte* find(void* handle, uint64_t offset, uint64_t size);
  uint64_t used(int32_t device);

 private:
  struct Block {
    int32_t device;
    std::byte* data;
    uint64_t size;
  };

  std::mutex mutex_;
  std::map<void*, Block> blocks_;
};

Memory& memory();  // the library's only one
uint64_t device_size();

}  // namespace kt::fake
