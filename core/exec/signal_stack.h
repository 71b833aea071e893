// A stack of its own on which the handlers of signals run, for the thread that makes it: one that has used up its stack can still
// say so.
#pragma once

#include <signal.h>

namespace kt::core {

class SignalStack {
 public:
  SignalStack();   // without memory for it, handlers go on using the thread's stack
  ~SignalStack();  // on the same thread; the one before serves again
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  void* memory_ = nullptr;
  stack_t before_{};
};

}  // namespace kt::core
