// IQ4_NL, IQ4_XS and MXFP4: codes into a table of uneven values.
#include "core/quantize/blocks.h"
#include "core/quantize/super_block.h"

namespace kt::core::quantize {
namespace {

using Iq4Grid = TableGrid<16>;
constexpr Iq4Grid kIq4Grid{format::kIq4Values};
// The E2M1 values of MXFP4, doubled, in order.
constexpr int8_t kE2m1Sorted[] = {-12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12};
constexpr TableGrid<15> kE2m1Grid{kE2m1Sorted};

int code_of(const int8_t* values, float value) {
  int code = 0;
  while (static_cast<float>(values[code]) != value) ++code;
  return code;
}

}  // namespace

void fill(format::BlockIQ4_NL& out, const Group& group) {
  const float scale = ScaleSearch<32, Iq4Grid>(group, kIq4Grid, as_half).run().scale;
  float codes[32];
  encode<32>(group, scale, 0, kIq4Grid, codes);
  out = {};
  out.scale = half(scale);
  for (int i = 0; i < 32; ++i) set_nibble(out.nibbles, i, code_of(format::kIq4Values, codes[i]));
}

void fill(format::BlockIQ4_XS& out, const Group& group) {
  auto fit = ScaledBlock<8, Iq4Grid>(group, kIq4Grid, -32, 31).run();
  out = {};
  out.scale = half(fit.scale);
  uint32_t high = 0;
  for (int g = 0; g < 8; ++g) {
    const int level = fit.levels[g] + 32;
    out.low_scales[g / 2] = static_cast<uint8_t>(out.low_scales[g / 2] | (level & 15) << (g % 2 * 4));
    high |= static_cast<uint32_t>(level >> 4) << (2 * g);
  }
  out.high_scales.low = static_cast<uint8_t>(high);
  out.high_scales.high = static_cast<uint8_t>(high >> 8);
  if (fit.scale == 0) std::fill(fit.codes, fit.codes + 256, static_cast<float>(format::kIq4Values[8]));
  for (int i = 0; i < 256; ++i) set_nibble(out.nibbles[i / 32], i % 32, code_of(format::kIq4Values, fit.codes[i]));
}

// The scale is a power of two: that whose reach is nearest to the largest value, or one of its neighbours.
void fill(format::BlockMXFP4& out, const Group& group) {
  out = {};
  const float most = largest<32>(group.values);
  if (most == 0) return;
  const int holding = std::ilogb(most) + 125;  // 12 * 2^(exponent - 128) is 1.5 times the power of two below `most`
  float least = -1, codes[32];
  for (const int exponent : {holding, holding + 1, holding - 1}) {
    if (exponent < 0 || exponent > 254) continue;
    const float error = encode<32>(group, format::f32_from_e8m0_half(static_cast<uint8_t>(exponent)), 0, kE2m1Grid, codes);
    if (least >= 0 && error >= least) continue;
    least = error;
    out.exponent = static_cast<uint8_t>(exponent);
  }
  encode<32>(group, format::f32_from_e8m0_half(out.exponent), 0, kE2m1Grid, codes);
  for (int i = 0; i < 32; ++i) set_nibble(out.nibbles, i, code_of(format::kE2m1Doubled, codes[i]));
}

}  // namespace kt::core::quantize
