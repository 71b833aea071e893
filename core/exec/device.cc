#include "core/exec/device.h"

#include "core/plugin/host.h"
#include "core/rules/machine.h"

namespace kt::core {

DeviceBuffer::~DeviceBuffer() {
  if (handle_) device_->def_->release(device_->index_, handle_);
}

Status Device::status(KtStatus status, const char* what) const {
  if (status == KT_OK) return {};
  std::string text = take_plugin_error();
  if (text.empty())
    text =
        status == KT_DEVICE_LOST ? "the device was lost" : "failed with status " + std::to_string(status) + " and gave no reason";
  return fail(618, "device " + name_ + ": " + what + ": " + text);
}

Result<std::shared_ptr<Device>> Device::open(const Registry& registry, const std::string& name) {
  DeviceName parsed;
  const bool ok = parse_device(name, parsed);
  const DeviceEntry* entry = ok ? registry.device(parsed.kind) : nullptr;
  if (!entry || parsed.index >= entry->def->count())
    return fail(618, "device '" + name + "' does not exist", "kt plugins ls shows the devices");
  std::shared_ptr<Device> out(new Device());
  out->name_ = name;
  out->library_ = entry->library;
  out->def_ = entry->def;
  out->index_ = parsed.index;
  KT_TRY(out->status(entry->def->stream_create(parsed.index, &out->stream_), "creating a stream"));
  KT_TRY(out->status(entry->def->event_create(parsed.index, &out->event_), "creating an event"));
  return out;
}

Device::~Device() {
  if (stream_) {
    def_->stream_wait(index_, stream_);
    take_plugin_error();
  }
  if (event_) def_->event_destroy(index_, event_);
  if (stream_) def_->stream_destroy(index_, stream_);
}

Result<DeviceBuffer> Device::allocate(uint64_t size) {
  if (size == 0) return DeviceBuffer();
  void* handle = nullptr;
  if (def_->allocate(index_, size, &handle) != KT_OK) {
    std::string why = take_plugin_error();
    return fail(504,
                "device " + name_ + " has no " + std::to_string((size + (1 << 20) - 1) >> 20) + " MiB of memory left" +
                    (why.empty() ? "" : ": " + why),
                "place fewer layers there, or use a smaller --ctx-size");
  }
  return DeviceBuffer(shared_from_this(), handle, size);
}

Status Device::copy_in(void* to, uint64_t offset, const void* from, uint64_t size) {
  return status(def_->copy_in(index_, stream_, to, offset, from, size), "copying to it");
}

Status Device::copy_out(void* to, const void* from, uint64_t offset, uint64_t size) {
  return status(def_->copy_out(index_, stream_, to, from, offset, size), "copying from it");
}

Status Device::wait() { return status(def_->stream_wait(index_, stream_), "waiting for it"); }

Status Device::come_after(Device& other) {
  if (other.def_ != def_) return other.wait();
  KT_TRY(other.status(def_->event_record(other.index_, other.event_, other.stream_), "recording an event"));
  return status(def_->event_wait(index_, other.event_, stream_), "waiting for an event");
}

Result<std::shared_ptr<Device>> DeviceSet::get(const std::string& name) {
  if (name == "cpu" || name == "cpu:0") return std::shared_ptr<Device>();
  auto& slot = devices_[name];
  if (!slot) {
    auto opened = Device::open(registry_, name);
    if (!opened.ok()) {
      devices_.erase(name);
      return opened.status();
    }
    slot = *opened;
  }
  return slot;
}

}  // namespace kt::core
