// How each family of formats fills one block; quantizer() puts them together.
#pragma once

#include "core/quantize/scale_search.h"
#include "kt/format/basic_quants.h"
#include "kt/format/fp4_quants.h"
#include "kt/format/iq4_quants.h"
#include "kt/format/k_quants.h"

namespace kt::core::quantize {

// `group` holds as many values as the block has elements.
void fill(format::BlockQ4_0& out, const Group& group);
void fill(format::BlockQ4_1& out, const Group& group);
void fill(format::BlockQ5_0& out, const Group& group);
void fill(format::BlockQ5_1& out, const Group& group);
void fill(format::BlockQ8_0& out, const Group& group);
void fill(format::BlockIQ4_NL& out, const Group& group);
void fill(format::BlockIQ4_XS& out, const Group& group);
void fill(format::BlockMXFP4& out, const Group& group);
void fill(format::BlockQ2_K& out, const Group& group);
void fill(format::BlockQ3_K& out, const Group& group);
void fill(format::BlockQ4_K& out, const Group& group);
void fill(format::BlockQ5_K& out, const Group& group);
void fill(format::BlockQ6_K& out, const Group& group);

inline format::Half half(float value) {
  const uint16_t bits = format::f16_from_f32(value);
  format::Half out;
  out.low = static_cast<uint8_t>(bits);
  out.high = static_cast<uint8_t>(bits >> 8);
  return out;
}

// The counterpart of format::nibble_of(): element i of 32.
inline void set_nibble(uint8_t (&nibbles)[16], int i, int code) {
  nibbles[i % 16] = static_cast<uint8_t>(nibbles[i % 16] | code << (i < 16 ? 0 : 4));
}

}  // namespace kt::core::quantize
