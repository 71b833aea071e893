// Scalar conversions between float and the small floating-point types, exact in every bit.
#pragma once

#include <cstdint>
#include <cstring>

namespace kt::format {

inline float float_from_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline uint32_t bits_of_float(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float f32_from_bf16(uint16_t bits) { return float_from_bits(uint32_t{bits} << 16); }

// Rounds to nearest, ties to even; NaN stays a (quiet) NaN.
inline uint16_t bf16_from_f32(float value) {
  const uint32_t bits = bits_of_float(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

// Value of a sign, exponent and mantissa field of an IEEE-like type with subnormals; infinities and NaN are the caller's.
inline float small_float(uint32_t sign, uint32_t exponent, uint32_t mantissa, int mantissa_bits, int bias) {
  if (exponent == 0) {
    // mantissa * 2^(1 - bias - mantissa_bits), exact: a power of two times a small integer.
    const float unit = float_from_bits(static_cast<uint32_t>(127 + 1 - bias - mantissa_bits) << 23);
    const float value = static_cast<float>(mantissa) * unit;
    return sign != 0 ? -value : value;
  }
  const uint32_t wide = exponent + static_cast<uint32_t>(127 - bias);
  return float_from_bits(sign << 31 | wide << 23 | mantissa << (23 - mantissa_bits));
}

inline float f32_from_f16(uint16_t bits) {
  const uint32_t sign = bits >> 15, exponent = (bits >> 10) & 0x1Fu, mantissa = bits & 0x3FFu;
  if (exponent == 31) return float_from_bits(sign << 31 | 0x7F800000u | mantissa << 13);
  return small_float(sign, exponent, mantissa, 10, 15);
}

// Rounds to nearest, ties to even; beyond 65504 + half a step is infinity; NaN stays a (quiet) NaN.
inline uint16_t f16_from_f32(float value) {
  const uint32_t bits = bits_of_float(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) return static_cast<uint16_t>(sign | 0x7E00u | ((magnitude >> 13) & 0x1FFu));
  if (magnitude >= 0x477FF000u) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude < 0x33000000u) return sign;  // below half of the least subnormal
  const int exponent = static_cast<int>(magnitude >> 23) - 127;
  if (exponent >= -14) {
    const uint32_t rounded = magnitude + 0xFFFu + ((magnitude >> 13) & 1u);
    return static_cast<uint16_t>(sign | ((rounded - (112u << 23)) >> 13));
  }
  const uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
  const int drop = -1 - exponent;  // bits below the last one of a subnormal: 14 at exponent -15
  const uint32_t kept = mantissa >> drop, rest = mantissa & ((1u << drop) - 1u), half = 1u << (drop - 1);
  return static_cast<uint16_t>(sign | (kept + (rest > half || (rest == half && (kept & 1u) != 0))));
}

// The OCP 8-bit type without infinities: 1-4-3, bias 7, largest 448, NaN is 0x7F and 0xFF.
inline float f32_from_f8_e4m3(uint8_t bits) {
  const uint32_t sign = bits >> 7, exponent = (bits >> 3) & 0xFu, mantissa = bits & 7u;
  if (exponent == 15 && mantissa == 7) return float_from_bits(sign << 31 | 0x7FC00000u);
  return small_float(sign, exponent, mantissa, 3, 7);
}

// The OCP 8-bit type that is the upper half of an f16: 1-5-2, bias 15, with infinities.
inline float f32_from_f8_e5m2(uint8_t bits) { return f32_from_f16(static_cast<uint16_t>(uint16_t{bits} << 8)); }

// A power of two, 2^(bits - 127); 255 is NaN.
inline float f32_from_e8m0(uint8_t bits) {
  if (bits == 255) return float_from_bits(0x7FC00000u);
  return bits == 0 ? float_from_bits(0x00400000u) : float_from_bits(uint32_t{bits} << 23);
}

// 2^(bits - 128), for tables that store doubled values; every byte is a number.
inline float f32_from_e8m0_half(uint8_t bits) {
  return bits < 2 ? float_from_bits(0x00200000u << bits) : float_from_bits((uint32_t{bits} - 1u) << 23);
}

// The 4-bit type 1-2-1 of MXFP4 and NVFP4, doubled so that every value is an integer.
inline constexpr int8_t kE2m1Doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace kt::format
