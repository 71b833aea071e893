#include "core/exec/signal_stack.h"

#include <sys/mman.h>

#include <cstddef>

namespace kt::core {
namespace {

constexpr std::size_t kBytes = 64 << 10;  // the registers that the kernel saves take up to 11 KiB of it

}  // namespace

SignalStack::SignalStack() {
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = memory;
  stack.ss_size = kBytes;
  if (sigaltstack(&stack, &before_) == 0)
    memory_ = memory;
  else
    munmap(memory, kBytes);
}

SignalStack::~SignalStack() {
  if (!memory_) return;
  sigaltstack(&before_, nullptr);
  munmap(memory_, kBytes);
}

}  // namespace kt::core
