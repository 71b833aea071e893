// Random bytes that are valid blocks of a type, with scales that give the values a chosen spread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "core/base/status.h"
#include "core/io/gguf_write.h"

namespace kt::synth {

// Keeps one pool of blocks a type; tensors are cut from it at random places, so that writing runs at the disk's speed.
class RandomBlocks {
 public:
  explicit RandomBlocks(uint64_t seed) : random_(seed) {}

  static bool knows(int32_t dtype);
  // Appends `bytes` (whole blocks) of values with zero mean and the given standard deviation to the writer's tensor.
  core::Status write(core::GgufWriter& out, int32_t dtype, uint64_t bytes, float deviation);

 private:
  std::vector<std::byte> make_pool(int32_t dtype, float deviation);
  std::vector<std::byte> make_floats(int32_t dtype, float deviation);

  std::mt19937_64 random_;
  std::map<int32_t, std::vector<std::byte>> pools_;
};

}  // namespace kt::synth
