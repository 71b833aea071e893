// Choosing the experts of a token from its scores.
#pragma once

#include <cstdint>

namespace kt::cpu {

enum class GroupScore { kMax, kTopTwo };

// The k best of x in descending order, of equals the one with the lower index first; k <= n. A NaN counts as less than every
// number.
void top_k_row(const float* x, int64_t n, int64_t k, int32_t* ids, float* values);

// Keeps the values of the `used` best of `groups` equal parts of x and makes the others 0; of equal groups the lower index is
// better. `room` holds 2 * groups floats and `groups` int32.
void group_mask_row(const float* x, int64_t n, int64_t groups, int64_t used, GroupScore score, float* out, float* room,
                    int32_t* order);

}  // namespace kt::cpu
