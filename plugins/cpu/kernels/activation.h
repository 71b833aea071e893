// The forms in which a row of activations meets weights.
#pragma once

#include <cstdint>

namespace kt::cpu {

enum class ActivationKind : int32_t { kF32, kBf16, kInt8 };

// kInt8: blocks of 256 elements with one scale for each `scale_group` (32 or 256) of them, and one sum for each `sum_group` (16
// or 32); `bias` is what was added to the weights to make them unsigned.
struct ActivationForm {
  ActivationKind kind = ActivationKind::kF32;
  int32_t scale_group = 0, sum_group = 0, bias = 0;
  bool operator==(const ActivationForm&) const = default;
};

inline constexpr int64_t kBlock = 256;

// Element i of the block is values[i] * scales[i / scale_group].
struct alignas(64) Int8Block {
  int8_t values[kBlock];  // -127..127
  int32_t start[16];      // -bias * (sum of the group's values): where the integer dot product of a group starts
  float sums[16];         // sum of the group's values; times the scale when scale_group is 32
  float scales[8];        // all equal when scale_group is 256
};

// Bytes of a row of `elements`, a multiple of 64.
int64_t activation_row_bytes(const ActivationForm& form, int64_t elements);

// Converts a row. A row with an infinity or NaN becomes NaN in the groups that hold it. `out` is 64-byte aligned.
void convert_activation(const ActivationForm& form, const float* x, int64_t elements, void* out);

}  // namespace kt::cpu
