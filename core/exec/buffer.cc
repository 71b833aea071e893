#include "core/exec/buffer.h"

#include <sys/mman.h>

#include "core/exec/numa.h"

namespace kt::core {

Result<Buffer> Buffer::allocate(uint64_t size, bool interleave) {
  Buffer out;
  if (size == 0) return out;
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    return fail(502, "the system refused " + std::to_string(size >> 20) + " MiB of memory", "use a smaller --ctx-size or --kv-cache");
  if (size >= (4u << 20)) madvise(memory, size, MADV_HUGEPAGE);
  if (interleave) interleave_memory(memory, size);
  out.data_ = static_cast<std::byte*>(memory);
  out.size_ = size;
  return out;
}

Buffer::~Buffer() {
  if (data_) munmap(data_, size_);
}

}  // namespace kt::core
