// What the operators on rows of floats share.
#pragma once

#include <algorithm>

#include "kt/plugin.hpp"

namespace kt::cpu {

inline constexpr int32_t kScore = 20;

inline Support float_rows(const Node& node) { return node.inputs_are(KT_F32) ? yes(kScore) : no("an input is not float32"); }

// Calls body(row, thread) for every row. `work` is about how many floats a row moves; little work stays on the calling thread.
template <class Body>
Status for_rows(Call& call, int64_t rows, int64_t work, Body&& body) {
  constexpr int64_t kChunkWork = 16384;
  const int64_t grain = std::max<int64_t>(1, kChunkWork / std::max<int64_t>(1, work));
  return call.parallel_for(rows, grain, [&](int64_t begin, int64_t end, int32_t thread) {
    for (int64_t row = begin; row < end; ++row) body(row, thread);
  });
}

// Bytes of `count` elements, rounded up so that what follows stays aligned to a cache line.
template <class T>
constexpr uint64_t aligned_bytes(int64_t count) {
  return (static_cast<uint64_t>(count) * sizeof(T) + 63) / 64 * 64;
}

}  // namespace kt::cpu
