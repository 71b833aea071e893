// A limit on the processor's time for work whose cost files decide; other processes of the machine do not spend it.
#pragma once

#include <ctime>

namespace kt::core {

class CpuBudget {
 public:
  explicit CpuBudget(double seconds) : end_(std::clock() + static_cast<std::clock_t>(seconds * CLOCKS_PER_SEC)) {}
  bool spent() const { return std::clock() >= end_; }

 private:
  std::clock_t end_;
};

}  // namespace kt::core
