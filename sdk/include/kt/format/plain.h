// Rows of types that hold one number an element, at any address.
#pragma once

#include <cstdint>
#include <cstring>

#include "kt/format/float16.h"

namespace kt::format {

// Converts elements of type Stored, each turned into a float by `to_float`.
template <class Stored, float (*to_float)(Stored)>
void convert_plain(const void* blocks, float* out, int64_t elements) {
  const auto* bytes = static_cast<const unsigned char*>(blocks);
  for (int64_t i = 0; i < elements; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes + i * static_cast<int64_t>(sizeof stored), sizeof stored);
    out[i] = to_float(stored);
  }
}

template <class Number>
float nearest_float(Number value) {
  return static_cast<float>(value);
}

inline float float_of_bool(uint8_t value) { return value != 0 ? 1.0f : 0.0f; }

}  // namespace kt::format
