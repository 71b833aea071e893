// What of the process an operator must leave as it found it.
#pragma once

#include <string>

namespace kt::conformance {

class ProcessState {
 public:
  static ProcessState now();
  // What is now another one, in words: "the working folder"; empty if nothing is. A thread that is just ending is waited for.
  std::string change() const;

 private:
  std::string difference(const ProcessState& before) const;

  int rounding_ = 0;
  unsigned flags_ = 0;  // of floating point arithmetic: flushing of denormals, traps
  std::string signals_, folder_, locale_;
  long threads_ = 0;
};

}  // namespace kt::conformance
