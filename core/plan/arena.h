// Places values in one block of memory so that values alive at the same time do not overlap.
#pragma once

#include <cstdint>
#include <vector>

namespace kt::core {

struct Lifetime {
  uint64_t bytes = 0;
  int first_step = 0;  // writes it
  int last_step = 0;   // reads it last
  uint64_t offset = 0; // result
};

// Fills the offsets (multiples of 64) and returns the size of the block. Greedy by size, then first fit.
uint64_t place(std::vector<Lifetime>& values);

}  // namespace kt::core
