#include "tests/unit/cpu/weight_data.h"

#include <cstring>

#include "kt/abi.h"
#include "kt/format/dequantize.h"
#include "kt/format/dtype.h"
#include "kt/format/float16.h"

namespace kt::cpu {
namespace {

// Where the f16 scales of a block are.
std::vector<int> half_fields(int32_t dtype) {
  switch (dtype) {
    case KT_Q4_1:
    case KT_Q5_1:
    case KT_Q4_K:
    case KT_Q5_K:
      return {0, 2};
    case KT_Q2_K:
      return {80, 82};
    case KT_Q3_K:
      return {108};
    case KT_Q6_K:
      return {208};
    case KT_Q4_0:
    case KT_Q5_0:
    case KT_Q8_0:
    case KT_IQ4_NL:
    case KT_IQ4_XS:
    case KT_IQ2_XXS:
    case KT_IQ3_S:
      return {0};
    default:
      return {};
  }
}

void fill_plain(int32_t dtype, uint8_t* out, float value) {
  const uint16_t half = dtype == KT_BF16 ? format::bf16_from_f32(value) : format::f16_from_f32(value);
  if (dtype == KT_F32)
    std::memcpy(out, &value, sizeof value);
  else
    std::memcpy(out, &half, sizeof half);
}

}  // namespace

std::vector<float> WeightData::values(int64_t row) const {
  std::vector<float> out(static_cast<size_t>(columns));
  format::dequantizer(dtype)(bytes.data() + row * row_bytes, out.data(), columns);
  return out;
}

WeightData random_weights(int32_t dtype, int64_t rows, int64_t columns, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const format::DtypeInfo& info = *format::dtype_info(dtype);
  WeightData out{dtype, rows, columns, *format::row_bytes(dtype, columns), {}};
  out.bytes.resize(static_cast<size_t>(rows * out.row_bytes));
  for (uint8_t& byte : out.bytes) byte = static_cast<uint8_t>(random());
  for (size_t at = 0; at < out.bytes.size(); at += static_cast<size_t>(info.block_bytes)) {
    uint8_t* block = out.bytes.data() + at;
    if (dtype == KT_F32 || dtype == KT_F16 || dtype == KT_BF16) fill_plain(dtype, block, normal(random));
    if (dtype == KT_MXFP4) block[0] = static_cast<uint8_t>(118 + random() % 6);
    if (dtype == KT_F8_E4M3) block[0] &= 0xBF;  // no NaN
    for (const int field : half_fields(dtype)) {
      const uint16_t half = format::f16_from_f32(0.02f * normal(random));
      std::memcpy(block + field, &half, sizeof half);
    }
  }
  return out;
}

std::vector<float> random_floats(int64_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(static_cast<size_t>(count));
  for (float& value : out) value = normal(random);
  return out;
}

}  // namespace kt::cpu
