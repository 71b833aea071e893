// The parts that block layouts are made of, and the loop over the blocks of a row.
// Layouts hold bytes only, so blocks may lie at any address, as they do in mapped files.
#pragma once

#include <cstdint>

#include "kt/format/float16.h"

namespace kt::format {

// A little-endian 16-bit field.
struct Bits16 {
  uint8_t low, high;
  uint16_t bits() const { return static_cast<uint16_t>(low | high << 8); }
};

// A little-endian f16 field.
struct Half : Bits16 {
  float value() const { return f32_from_f16(bits()); }
};

inline uint32_t load_u32(const uint8_t* bytes) {
  return bytes[0] | uint32_t{bytes[1]} << 8 | uint32_t{bytes[2]} << 16 | uint32_t{bytes[3]} << 24;
}

// Converts the whole blocks of a row. A Block names its size as kElements and has expand(block, float* out).
template <class Block>
void convert_blocks(const void* blocks, float* out, int64_t elements) {
  const auto* block = static_cast<const Block*>(blocks);
  for (int64_t done = 0; done + Block::kElements <= elements; done += Block::kElements) expand(*block++, out + done);
}

}  // namespace kt::format
