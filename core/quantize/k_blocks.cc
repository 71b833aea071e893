// Q2_K to Q6_K.
#include "core/quantize/blocks.h"
#include "core/quantize/super_block.h"

namespace kt::core::quantize {
namespace {

// The counterparts of format::pair_of(), k_nibble(), k_scale(), k_minimum() and q3_scale().
void set_pair(uint8_t (&pairs)[64], int i, int code) {
  uint8_t& byte = pairs[i / 128 * 32 + i % 32];
  byte = static_cast<uint8_t>(byte | code << (i / 32 % 4 * 2));
}

void set_k_nibble(uint8_t (&nibbles)[128], int i, int code) {
  uint8_t& byte = nibbles[i / 64 * 32 + i % 32];
  byte = static_cast<uint8_t>(byte | code << (i / 32 % 2 * 4));
}

void set_k_scales(uint8_t (&scales)[12], const int (&levels)[8], const int (&depths)[8]) {
  for (int g = 0; g < 4; ++g) {
    scales[g] = static_cast<uint8_t>(levels[g] | levels[g + 4] >> 4 << 6);
    scales[g + 4] = static_cast<uint8_t>(depths[g] | depths[g + 4] >> 4 << 6);
    scales[g + 8] = static_cast<uint8_t>((levels[g + 4] & 15) | (depths[g + 4] & 15) << 4);
  }
}

void set_q3_scale(uint8_t (&scales)[12], int g, int level) {
  const int bits = level + 32;
  scales[g % 8] = static_cast<uint8_t>(scales[g % 8] | (bits & 15) << (g / 8 * 4));
  scales[8 + g % 4] = static_cast<uint8_t>(scales[8 + g % 4] | bits >> 4 << (g / 4 * 2));
}

}  // namespace

void fill(format::BlockQ2_K& out, const Group& group) {
  const auto fit = LoweredBlock<16>(group, 3, 15).run();
  out = {};
  out.scale = half(fit.scale);
  out.minimum = half(fit.minimum);
  for (int g = 0; g < 16; ++g) out.scales[g] = static_cast<uint8_t>(fit.levels[g] | fit.depths[g] << 4);
  for (int i = 0; i < 256; ++i) set_pair(out.pairs, i, static_cast<int>(fit.codes[i]));
}

void fill(format::BlockQ3_K& out, const Group& group) {
  constexpr IntegerGrid kGrid{-4, 3, 0.25f};
  const auto fit = ScaledBlock<16, IntegerGrid>(group, kGrid, -32, 31).run();
  out = {};
  out.scale = half(fit.scale);
  for (int g = 0; g < 16; ++g) set_q3_scale(out.scales, g, fit.levels[g]);
  for (int i = 0; i < 256; ++i) {
    const int code = static_cast<int>(fit.codes[i]) + 4;
    set_pair(out.pairs, i, code & 3);
    out.third_bits[i % 32] = static_cast<uint8_t>(out.third_bits[i % 32] | code >> 2 << (i / 32));
  }
}

void fill(format::BlockQ4_K& out, const Group& group) {
  const auto fit = LoweredBlock<8>(group, 15, 63).run();
  out = {};
  out.scale = half(fit.scale);
  out.minimum = half(fit.minimum);
  set_k_scales(out.scales, fit.levels, fit.depths);
  for (int i = 0; i < 256; ++i) set_k_nibble(out.nibbles, i, static_cast<int>(fit.codes[i]));
}

void fill(format::BlockQ5_K& out, const Group& group) {
  const auto fit = LoweredBlock<8>(group, 31, 63).run();
  out = {};
  out.scale = half(fit.scale);
  out.minimum = half(fit.minimum);
  set_k_scales(out.scales, fit.levels, fit.depths);
  for (int i = 0; i < 256; ++i) {
    const int code = static_cast<int>(fit.codes[i]);
    set_k_nibble(out.nibbles, i, code & 15);
    out.fifth_bits[i % 32] = static_cast<uint8_t>(out.fifth_bits[i % 32] | code >> 4 << (i / 32));
  }
}

void fill(format::BlockQ6_K& out, const Group& group) {
  constexpr IntegerGrid kGrid{-32, 31};
  const auto fit = ScaledBlock<16, IntegerGrid>(group, kGrid, -128, 127).run();
  out = {};
  out.scale = half(fit.scale);
  for (int g = 0; g < 16; ++g) out.scales[g] = static_cast<int8_t>(fit.levels[g]);
  for (int i = 0; i < 256; ++i) {
    const int code = static_cast<int>(fit.codes[i]) + 32;
    uint8_t& byte = out.nibbles[i / 128 * 64 + i % 64];
    byte = static_cast<uint8_t>(byte | (code & 15) << (i / 64 % 2 * 4));
    set_pair(out.pairs, i, code >> 4);
  }
}

}  // namespace kt::core::quantize
