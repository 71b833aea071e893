// Random weights of every type, and their values.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace kt::cpu {

// Rows of blocks with random codes and scales around `size`; exactly as many bytes as the rows have.
struct WeightData {
  int32_t dtype;
  int64_t rows, columns, row_bytes;
  std::vector<uint8_t> bytes;

  std::vector<float> values(int64_t row) const;
};

WeightData random_weights(int32_t dtype, int64_t rows, int64_t columns, uint32_t seed);
std::vector<float> random_floats(int64_t count, uint32_t seed);

}  // namespace kt::cpu
