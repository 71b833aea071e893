// Which experts the rows of a benchmark use: the same for every program of bench/, see bench/workers/routing.py.
#pragma once

#include <cstdint>
#include <vector>

namespace kt::bench {

// `used` different experts of `experts` for each row, uniform, ascending within a row: the values of SplitMix64 (Steele, Lea, Flood,
// "Fast splittable pseudorandom number generators", 2014) from the seed `draw`, modulo `experts`, repetitions left out.
std::vector<int32_t> draw_experts(uint64_t draw, int64_t rows, int64_t used, int64_t experts);

int64_t distinct(std::vector<int32_t> ids);

}  // namespace kt::bench
