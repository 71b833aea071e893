// From floats to rows of blocks of every type that kt writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/status.h"

namespace kt::core {

// Encodes `elements` finite floats, a whole number of blocks, so that the sum of squared errors is small; `importance`, if not
// null, weighs the squared error of each element and is not negative.
using RowQuantizer = void (*)(const float* values, const float* importance, std::byte* blocks, int64_t elements);

// The quantizer of a type (KtDtype), or null if kt does not write it.
RowQuantizer quantizer(int32_t dtype);

// The types that quantizer() knows.
std::span<const int32_t> quantizable_types();

// The largest magnitude that a type's scales and offsets are sure to hold.
float largest_magnitude(int32_t dtype);

// Encodes one row into `out`, which has the row's size. KT-E0415 if a value is not finite or beyond largest_magnitude(), or an
// importance is negative or not finite. `importance` is empty or as long as the row.
Status quantize_row(int32_t dtype, std::span<const float> values, std::span<const float> importance, std::span<std::byte> out);

}  // namespace kt::core
