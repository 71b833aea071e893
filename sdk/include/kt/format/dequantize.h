// From rows of any element type or block format to float.
#pragma once

#include <cstdint>

#include "kt/abi.h"
#include "kt/format/basic_quants.h"
#include "kt/format/dtype.h"
#include "kt/format/fp4_quants.h"
#include "kt/format/iq4_quants.h"
#include "kt/format/iq_quants.h"
#include "kt/format/k_quants.h"
#include "kt/format/plain.h"
#include "kt/format/ternary_quants.h"

namespace kt::format {

// Writes `elements` floats from the blocks of a row; `elements` is a whole number of blocks (row_bytes() tells). The blocks may
// lie at any address, and any bytes give some floats.
using RowConverter = void (*)(const void* blocks, float* out, int64_t elements);

// The converter of a type (KtDtype), or null if kt does not know it.
inline RowConverter dequantizer(int32_t dtype) {
  switch (dtype) {
    case KT_F32:
      return convert_plain<float, nearest_float<float>>;
    case KT_F64:
      return convert_plain<double, nearest_float<double>>;
    case KT_F16:
      return convert_plain<uint16_t, f32_from_f16>;
    case KT_BF16:
      return convert_plain<uint16_t, f32_from_bf16>;
    case KT_F8_E4M3:
      return convert_plain<uint8_t, f32_from_f8_e4m3>;
    case KT_F8_E5M2:
      return convert_plain<uint8_t, f32_from_f8_e5m2>;
    case KT_I8:
      return convert_plain<int8_t, nearest_float<int8_t>>;
    case KT_I16:
      return convert_plain<int16_t, nearest_float<int16_t>>;
    case KT_I32:
      return convert_plain<int32_t, nearest_float<int32_t>>;
    case KT_I64:
      return convert_plain<int64_t, nearest_float<int64_t>>;
    case KT_U8:
      return convert_plain<uint8_t, nearest_float<uint8_t>>;
    case KT_U16:
      return convert_plain<uint16_t, nearest_float<uint16_t>>;
    case KT_U32:
      return convert_plain<uint32_t, nearest_float<uint32_t>>;
    case KT_U64:
      return convert_plain<uint64_t, nearest_float<uint64_t>>;
    case KT_BOOL:
      return convert_plain<uint8_t, float_of_bool>;
    case KT_Q4_0:
      return convert_blocks<BlockQ4_0>;
    case KT_Q4_1:
      return convert_blocks<BlockQ4_1>;
    case KT_Q5_0:
      return convert_blocks<BlockQ5_0>;
    case KT_Q5_1:
      return convert_blocks<BlockQ5_1>;
    case KT_Q8_0:
      return convert_blocks<BlockQ8_0>;
    case KT_Q8_1:
      return convert_blocks<BlockQ8_1>;
    case KT_Q2_K:
      return convert_blocks<BlockQ2_K>;
    case KT_Q3_K:
      return convert_blocks<BlockQ3_K>;
    case KT_Q4_K:
      return convert_blocks<BlockQ4_K>;
    case KT_Q5_K:
      return convert_blocks<BlockQ5_K>;
    case KT_Q6_K:
      return convert_blocks<BlockQ6_K>;
    case KT_Q8_K:
      return convert_blocks<BlockQ8_K>;
    case KT_IQ1_S:
      return convert_blocks<BlockIQ1_S>;
    case KT_IQ1_M:
      return convert_blocks<BlockIQ1_M>;
    case KT_IQ2_XXS:
      return convert_blocks<BlockIQ2_XXS>;
    case KT_IQ2_XS:
      return convert_blocks<BlockIQ2_XS>;
    case KT_IQ2_S:
      return convert_blocks<BlockIQ2_S>;
    case KT_IQ3_XXS:
      return convert_blocks<BlockIQ3_XXS>;
    case KT_IQ3_S:
      return convert_blocks<BlockIQ3_S>;
    case KT_IQ4_NL:
      return convert_blocks<BlockIQ4_NL>;
    case KT_IQ4_XS:
      return convert_blocks<BlockIQ4_XS>;
    case KT_TQ1_0:
      return convert_blocks<BlockTQ1_0>;
    case KT_TQ2_0:
      return convert_blocks<BlockTQ2_0>;
    case KT_MXFP4:
      return convert_blocks<BlockMXFP4>;
    case KT_NVFP4:
      return convert_blocks<BlockNVFP4>;
    default:
      return nullptr;
  }
}

}  // namespace kt::format
