// A stretch of a text, in bytes.
#pragma once

#include <cstddef>

namespace kt::core {

struct ByteRange {
  size_t begin = 0;
  size_t end = 0;

  size_t size() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

}  // namespace kt::core
