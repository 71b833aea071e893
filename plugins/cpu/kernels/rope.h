// Rotary position embedding.
#pragma once

#include <cstdint>

namespace kt::cpu {

// cosine[i], sine[i] = scale * cos, sin of (position * inv_freq[i]); the product is rounded to float first, as models are
// trained. At most 2 ulp for angles below 2^24; larger ones are exact to 2^-28 of a turn a unit of the angle's own rounding.
void rope_angles(int32_t position, const float* inv_freq, int64_t n, float scale, float* cosine, float* sine);

// Turns the first 2n dims of one head, and copies the rest. `interleaved`: pairs are (2i, 2i+1), else (i, i+n). out may be x.
void rope_row(const float* x, const float* cosine, const float* sine, int64_t n, bool interleaved, int64_t dim, float* out);

}  // namespace kt::cpu
