// How fast this machine reads its memory.
#pragma once

namespace kt::core {

struct Bandwidth {
  double bytes_per_second = 0;  // 0: not measured
  bool in_cache = false;        // the block was no larger than the caches, so that memory may be slower
};

// What `threads` read together: the best of a few passes over a block of twice the caches. kQuick takes some tens of
// milliseconds and at most 128 MiB; kThorough takes more of both.
enum class Effort { kQuick, kThorough };
Bandwidth measure_bandwidth(int threads, Effort effort);

}  // namespace kt::core
