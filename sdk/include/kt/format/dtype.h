// The element types of model files: name, block size and bytes of each, as one constexpr table.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "kt/abi.h"

namespace kt::format {

// A type stores `block_elements` consecutive elements of a row in `block_bytes` bytes.
struct DtypeInfo {
  int32_t dtype;  // KtDtype
  std::string_view name;
  int32_t block_elements;
  int32_t block_bytes;
};

inline constexpr DtypeInfo kDtypes[] = {
    {KT_F32, "F32", 1, 4},
    {KT_F16, "F16", 1, 2},
    {KT_BF16, "BF16", 1, 2},
    {KT_F64, "F64", 1, 8},
    {KT_F8_E4M3, "F8_E4M3", 1, 1},
    {KT_F8_E5M2, "F8_E5M2", 1, 1},
    {KT_I8, "I8", 1, 1},
    {KT_I16, "I16", 1, 2},
    {KT_I32, "I32", 1, 4},
    {KT_I64, "I64", 1, 8},
    {KT_U8, "U8", 1, 1},
    {KT_U16, "U16", 1, 2},
    {KT_U32, "U32", 1, 4},
    {KT_U64, "U64", 1, 8},
    {KT_BOOL, "BOOL", 1, 1},
    {KT_Q4_0, "Q4_0", 32, 18},
    {KT_Q4_1, "Q4_1", 32, 20},
    {KT_Q5_0, "Q5_0", 32, 22},
    {KT_Q5_1, "Q5_1", 32, 24},
    {KT_Q8_0, "Q8_0", 32, 34},
    {KT_Q8_1, "Q8_1", 32, 36},
    {KT_Q2_K, "Q2_K", 256, 84},
    {KT_Q3_K, "Q3_K", 256, 110},
    {KT_Q4_K, "Q4_K", 256, 144},
    {KT_Q5_K, "Q5_K", 256, 176},
    {KT_Q6_K, "Q6_K", 256, 210},
    {KT_Q8_K, "Q8_K", 256, 292},
    {KT_IQ1_S, "IQ1_S", 256, 50},
    {KT_IQ1_M, "IQ1_M", 256, 56},
    {KT_IQ2_XXS, "IQ2_XXS", 256, 66},
    {KT_IQ2_XS, "IQ2_XS", 256, 74},
    {KT_IQ2_S, "IQ2_S", 256, 82},
    {KT_IQ3_XXS, "IQ3_XXS", 256, 98},
    {KT_IQ3_S, "IQ3_S", 256, 110},
    {KT_IQ4_NL, "IQ4_NL", 32, 18},
    {KT_IQ4_XS, "IQ4_XS", 256, 136},
    {KT_TQ1_0, "TQ1_0", 256, 54},
    {KT_TQ2_0, "TQ2_0", 256, 66},
    {KT_MXFP4, "MXFP4", 32, 17},
    {KT_NVFP4, "NVFP4", 64, 36},
};

// The entry of `dtype`, or null if kt does not know the number.
constexpr const DtypeInfo* dtype_info(int32_t dtype) {
  for (const DtypeInfo& info : kDtypes)
    if (info.dtype == dtype) return &info;
  return nullptr;
}

// The entry of a name as printed ("Q4_K"; capital letters), or null.
constexpr const DtypeInfo* dtype_by_name(std::string_view name) {
  for (const DtypeInfo& info : kDtypes)
    if (info.name == name) return &info;
  return nullptr;
}

// Bytes of a row of `elements`; nothing if the type is unknown, `elements` is negative or no whole number of blocks, or the
// result exceeds 2^63 - 1.
constexpr std::optional<int64_t> row_bytes(int32_t dtype, int64_t elements) {
  const DtypeInfo* info = dtype_info(dtype);
  if (info == nullptr || elements < 0 || elements % info->block_elements != 0) return std::nullopt;
  const int64_t blocks = elements / info->block_elements;
  if (blocks > std::numeric_limits<int64_t>::max() / info->block_bytes) return std::nullopt;
  return blocks * info->block_bytes;
}

}  // namespace kt::format
