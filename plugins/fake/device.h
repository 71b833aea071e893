// The table of the device "fake".
#pragma once

#include "kt/abi.h"

namespace kt::fake {

inline constexpr int32_t kDevices = 2;

KtStatus memory_of(int32_t index, uint64_t* free_bytes, uint64_t* total_bytes);
KtStatus allocate(int32_t index, uint64_t size, void** handle);
void release(int32_t index, void* handle);
KtStatus stream_create(int32_t index, void** stream);
void stream_destroy(int32_t index, void* stream);
KtStatus stream_wait(int32_t index, void* stream);
KtStatus copy_in(int32_t index, void* stream, void* to, uint64_t offset, const void* from, uint64_t size);
KtStatus copy_out(int32_t index, void* stream, void* to, const void* from, uint64_t offset, uint64_t size);
KtStatus event_create(int32_t index, void** event);
void event_destroy(int32_t index, void* event);
KtStatus event_record(int32_t index, void* event, void* stream);
KtStatus event_wait(int32_t index, void* event, void* stream);

inline int32_t count() { return kDevices; }

inline constexpr KtDeviceDef kDevice = {sizeof(KtDeviceDef),
                                        0,
                                        "fake",
                                        "an asynchronous device for tests",
                                        count,
                                        memory_of,
                                        allocate,
                                        release,
                                        stream_create,
                                        stream_destroy,
                                        stream_wait,
                                        copy_in,
                                        copy_out,
                                        event_create,
                                        event_destroy,
                                        event_record,
                                        event_wait};

}  // namespace kt::fake
