// Blocks of 32 elements that share a scale, and some an offset.
#include <cstring>

#include "core/quantize/blocks.h"

namespace kt::core::quantize {
namespace {

// Writes 4- or 5-bit codes, which are `codes` plus `bias`.
void put_codes(uint8_t (&nibbles)[16], uint8_t* fifth_bits, const float* codes, int bias) {
  for (int i = 0; i < 32; ++i) {
    const int code = static_cast<int>(codes[i]) + bias;
    set_nibble(nibbles, i, code & 15);
    if (fifth_bits) fifth_bits[i / 8] = static_cast<uint8_t>(fifth_bits[i / 8] | (code >> 4) << (i % 8));
  }
}

float fit_codes(const Group& group, const IntegerGrid& grid, float* codes) {
  const float scale = ScaleSearch<32, IntegerGrid>(group, grid, as_half).run().scale;
  encode<32>(group, scale, 0, grid, codes);
  return scale;
}

Fit fit_affine_codes(const Group& group, int high, float* codes) {
  const Fit fit = AffineSearch<32>(group, high, as_half, false).run();
  encode<32>(group, fit.scale, fit.offset, IntegerGrid{0, static_cast<float>(high)}, codes);
  return fit;
}

}  // namespace

void fill(format::BlockQ4_0& out, const Group& group) {
  out = {};
  float codes[32];
  out.scale = half(fit_codes(group, {-8, 7, 0.5f}, codes));
  put_codes(out.nibbles, nullptr, codes, 8);
}

void fill(format::BlockQ5_0& out, const Group& group) {
  out = {};
  float codes[32];
  out.scale = half(fit_codes(group, {-16, 15}, codes));
  put_codes(out.nibbles, out.fifth_bits, codes, 16);
}

void fill(format::BlockQ4_1& out, const Group& group) {
  out = {};
  float codes[32];
  const Fit fit = fit_affine_codes(group, 15, codes);
  out.scale = half(fit.scale);
  out.offset = half(fit.offset);
  put_codes(out.nibbles, nullptr, codes, 0);
}

void fill(format::BlockQ5_1& out, const Group& group) {
  out = {};
  float codes[32];
  const Fit fit = fit_affine_codes(group, 31, codes);
  out.scale = half(fit.scale);
  out.offset = half(fit.offset);
  put_codes(out.nibbles, out.fifth_bits, codes, 0);
}

// Steps are so small that a search gains nothing: one start, and the scale that fits its codes.
void fill(format::BlockQ8_0& out, const Group& group) {
  constexpr IntegerGrid kGrid{-127, 127};
  ScaleSearch<32, IntegerGrid> search(group, kGrid, as_half);
  search.consider(largest<32>(group.values) / 127);
  float codes[32];
  encode<32>(group, search.best().scale, 0, kGrid, codes);
  out.scale = half(search.best().scale);
  for (int i = 0; i < 32; ++i) out.values[i] = static_cast<int8_t>(codes[i]);
}

}  // namespace kt::core::quantize
