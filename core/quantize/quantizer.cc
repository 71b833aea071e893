#include "core/quantize/quantizer.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/quantize/blocks.h"
#include "core/tensor/shape.h"
#include "kt/abi.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr int32_t kTypes[] = {KT_F32,  KT_F16,  KT_BF16, KT_Q8_0, KT_Q4_0, KT_Q4_1,   KT_Q5_0,   KT_Q5_1,
                              KT_Q2_K, KT_Q3_K, KT_Q4_K, KT_Q5_K, KT_Q6_K, KT_IQ4_NL, KT_IQ4_XS, KT_MXFP4};
constexpr float kLargestHalf = 65504.0f;

template <class Block>
void quantize_blocks(const float* values, const float* importance, std::byte* blocks, int64_t elements) {
  constexpr int kElements = Block::kElements;
  float weights[kElements];
  std::fill(std::begin(weights), std::end(weights), 1.0f);
  for (int64_t at = 0; at + kElements <= elements; at += kElements) {
    if (importance) {
      // Values that nothing weighs still take part, so that they are not lost should the importance be wrong.
      float most = 0;
      for (int i = 0; i < kElements; ++i) most = std::max(most, importance[at + i]);
      for (int i = 0; i < kElements; ++i) weights[i] = most > 0 ? std::max(importance[at + i] / most, 1e-4f) : 1.0f;
    }
    Block block;
    quantize::fill(block, {values + at, weights});
    std::memcpy(blocks, &block, sizeof block);
    blocks += sizeof block;
  }
}

template <class Stored, Stored (*convert)(float)>
void convert_row(const float* values, const float*, std::byte* blocks, int64_t elements) {
  for (int64_t i = 0; i < elements; ++i) {
    const Stored stored = convert(values[i]);
    std::memcpy(blocks + i * static_cast<int64_t>(sizeof stored), &stored, sizeof stored);
  }
}

float same(float value) { return value; }

}  // namespace

std::span<const int32_t> quantizable_types() { return kTypes; }

RowQuantizer quantizer(int32_t dtype) {
  switch (dtype) {
    case KT_F32:
      return convert_row<float, same>;
    case KT_F16:
      return convert_row<uint16_t, format::f16_from_f32>;
    case KT_BF16:
      return convert_row<uint16_t, format::bf16_from_f32>;
    case KT_Q4_0:
      return quantize_blocks<format::BlockQ4_0>;
    case KT_Q4_1:
      return quantize_blocks<format::BlockQ4_1>;
    case KT_Q5_0:
      return quantize_blocks<format::BlockQ5_0>;
    case KT_Q5_1:
      return quantize_blocks<format::BlockQ5_1>;
    case KT_Q8_0:
      return quantize_blocks<format::BlockQ8_0>;
    case KT_Q2_K:
      return quantize_blocks<format::BlockQ2_K>;
    case KT_Q3_K:
      return quantize_blocks<format::BlockQ3_K>;
    case KT_Q4_K:
      return quantize_blocks<format::BlockQ4_K>;
    case KT_Q5_K:
      return quantize_blocks<format::BlockQ5_K>;
    case KT_Q6_K:
      return quantize_blocks<format::BlockQ6_K>;
    case KT_IQ4_NL:
      return quantize_blocks<format::BlockIQ4_NL>;
    case KT_IQ4_XS:
      return quantize_blocks<format::BlockIQ4_XS>;
    case KT_MXFP4:
      return quantize_blocks<format::BlockMXFP4>;
    default:
      return nullptr;
  }
}

float largest_magnitude(int32_t dtype) {
  constexpr float kLargestBf16 = 3.38953139e38f;
  if (dtype == KT_F32) return std::numeric_limits<float>::max();
  if (dtype == KT_BF16) return kLargestBf16;
  return dtype == KT_MXFP4 ? std::ldexp(1.0f, 60) : kLargestHalf;  // squared errors stay finite
}

Status quantize_row(int32_t dtype, std::span<const float> values, std::span<const float> importance, std::span<std::byte> out) {
  const RowQuantizer convert = quantizer(dtype);
  const auto bytes = format::row_bytes(dtype, static_cast<int64_t>(values.size()));
  if (!convert || !bytes || static_cast<size_t>(*bytes) != out.size())
    return fail(415, "a row of " + std::to_string(values.size()) + " values cannot be stored as " + dtype_name(dtype));
  const float limit = largest_magnitude(dtype);
  for (size_t i = 0; i < values.size(); ++i)
    if (!(std::fabs(values[i]) <= limit))
      return fail(415, "value " + std::to_string(i) + " of a row is " + std::to_string(values[i]) + ", which " +
                           dtype_name(dtype) + " cannot hold");
  for (const float weight : importance)
    if (!(weight >= 0) || !std::isfinite(weight)) return fail(415, "an importance is negative or not finite");
  convert(values.data(), importance.empty() ? nullptr : importance.data(), out.data(), static_cast<int64_t>(values.size()));
  return {};
}

}  // namespace kt::core
