// A device that a plugin brings, as the executor uses it: memory, and one stream that does what is queued on it in order.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "core/plugin/registry.h"
#include "kt/abi.h"

namespace kt::core {

class Device;

// Owned memory of a device; `handle` is the device's own.
class DeviceBuffer {
 public:
  DeviceBuffer() = default;
  DeviceBuffer(std::shared_ptr<Device> device, void* handle, uint64_t size)
      : device_(std::move(device)), handle_(handle), size_(size) {}
  ~DeviceBuffer();
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : device_(std::move(other.device_)), handle_(std::exchange(other.handle_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(handle_, other.handle_);
    std::swap(size_, other.size_);
    return *this;
  }

  void* handle() const { return handle_; }
  uint64_t size() const { return size_; }
  const std::shared_ptr<Device>& device() const { return device_; }

 private:
  std::shared_ptr<Device> device_;
  void* handle_ = nullptr;
  uint64_t size_ = 0;
};

// Errors of all functions: KT-E0618 with the device and the plugin's sentence.
class Device : public std::enable_shared_from_this<Device> {
 public:
  // `name` is "fake:0".
  static Result<std::shared_ptr<Device>> open(const Registry& registry, const std::string& name);
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const std::string& name() const { return name_; }
  KtDevice id() const { return {def_->kind, index_, 0}; }
  void* stream() const { return stream_; }

  Result<DeviceBuffer> allocate(uint64_t size);  // KT-E0504 if there is not that much
  // Both are queued: the host's memory must stay as it is until wait().
  Status copy_in(void* to, uint64_t offset, const void* from, uint64_t size);
  Status copy_out(void* to, const void* from, uint64_t offset, uint64_t size);
  // Blocks until everything queued so far is done; reports what failed on the device meanwhile.
  Status wait();
  // What is queued here from now on starts after what `other` has queued so far.
  Status come_after(Device& other);

 private:
  friend class DeviceBuffer;
  Device() = default;
  Status status(KtStatus status, const char* what) const;

  std::string name_;
  std::shared_ptr<Library> library_;
  const KtDeviceDef* def_ = nullptr;
  int32_t index_ = 0;
  void* stream_ = nullptr;
  void* event_ = nullptr;
};

// The devices in use, opened once each.
class DeviceSet {
 public:
  explicit DeviceSet(const Registry& registry) : registry_(registry) {}
  // nullptr for the host.
  Result<std::shared_ptr<Device>> get(const std::string& name);
  const std::map<std::string, std::shared_ptr<Device>>& opened() const { return devices_; }

 private:
  const Registry& registry_;
  std::map<std::string, std::shared_ptr<Device>> devices_;
};

}  // namespace kt::core
