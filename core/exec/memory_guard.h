// Finds writes behind the outputs and the scratch of one call.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "kt/abi.h"

namespace kt::core {

class MemoryGuard {
 public:
  // Bytes behind a block that are watched; they must be there behind every block of values and of scratch.
  static constexpr uint64_t kBytes = 256;

  // Before the call. What of the bytes belongs to no tensor of the call holds a pattern until check().
  void set(const KtCall& call, uint64_t scratch);
  // After it; gives the bytes back as they were. KT-E0619 naming what was run over.
  Status check();

 private:
  struct Range {
    std::byte *begin, *end;
  };
  struct Watched {
    Range range;
    std::string behind;  // "output 0"
    bool pattern;        // else what the range held, as the call reads it
    std::vector<std::byte> held;
  };
  static Range extent(const KtTensor& tensor);
  void watch(Range range, std::string behind, bool pattern);

  std::vector<Watched> watched_;
};

}  // namespace kt::core
