// Random bytes that are valid blocks of a type, with scales that give the values a chosen spread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <span>
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
  // The same into memory of whole blocks.
  void fill(std::span<std::byte> out, int32_t dtype, float deviation);

 private:
  // Calls piece(bytes) until `bytes` have been given; stops at an error.
  core::Status cut(int32_t dtype, uint64_t bytes, float deviation,
                   const std::function<core::Status(std::span<const std::byte>)>& piece);
  std::vector<std::byte> make_pool(int32_t dtype, float deviation);
  std::vector<std::byte> make_floats(int32_t dtype, float deviation);

  std::mt19937_64 random_;
  std::map<int32_t, std::vector<std::byte>> pools_;
};

}  // namespace kt::synth
