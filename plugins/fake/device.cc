#include "plugins/fake/device.h"

#include <algorithm>
#include <cstring>

#include "plugins/fake/faults.h"
#include "plugins/fake/memory.h"
#include "plugins/fake/stream.h"

namespace kt::fake {
namespace {

Stream& stream_of(void* stream) { return *static_cast<Stream*>(stream); }

KtStatus copy(void* to, const void* from, uint64_t size) {
  if (faults().strikes("lost")) return KT_DEVICE_LOST;
  if (faults().strikes("copy")) return KT_ERROR;
  std::memcpy(to, from, size);
  return KT_OK;
}

}  // namespace

KtStatus memory_of(int32_t index, uint64_t* free_bytes, uint64_t* total_bytes) {
  *total_bytes = device_size();
  *free_bytes = *total_bytes - std::min(*total_bytes, memory().used(index));
  return KT_OK;
}

KtStatus allocate(int32_t index, uint64_t size, void** handle) {
  *handle = memory().allocate(index, size);
  return *handle ? KT_OK : KT_OUT_OF_MEMORY;
}

void release(int32_t, void* handle) { memory().release(handle); }

KtStatus stream_create(int32_t, void** stream) {
  *stream = new Stream();
  return KT_OK;
}

void stream_destroy(int32_t, void* stream) { delete static_cast<Stream*>(stream); }

KtStatus stream_wait(int32_t, void* stream) { return stream_of(stream).wait(); }

KtStatus copy_in(int32_t, void* stream, void* to, uint64_t offset, const void* from, uint64_t size) {
  std::byte* target = memory().find(to, offset, size);
  if (!target) return KT_INVALID;
  stream_of(stream).queue([=] { return copy(target, from, size); });
  return KT_OK;
}

KtStatus copy_out(int32_t, void* stream, void* to, const void* from, uint64_t offset, uint64_t size) {
  const std::byte* source = memory().find(const_cast<void*>(from), offset, size);
  if (!source) return KT_INVALID;
  stream_of(stream).queue([=] { return copy(to, source, size); });
  return KT_OK;
}

KtStatus event_create(int32_t, void** event) {
  *event = new Event();
  return KT_OK;
}

void event_destroy(int32_t, void* event) { delete static_cast<Event*>(event); }

KtStatus event_record(int32_t, void* event, void* stream) {
  auto& e = *static_cast<Event*>(event);
  const uint64_t record = e.next_record();
  const auto finish = [&e, record] {
    e.finish(record);
    return KT_OK;
  };
  stream_of(stream).queue(finish, /*always=*/true);
  return KT_OK;
}

KtStatus event_wait(int32_t, void* event, void* stream) {
  auto& e = *static_cast<Event*>(event);
  const uint64_t record = e.last_record();
  const auto wait = [&e, record] {
    e.wait(record);
    return KT_OK;
  };
  stream_of(stream).queue(wait, /*always=*/true);
  return KT_OK;
}

}  // namespace kt::fake
