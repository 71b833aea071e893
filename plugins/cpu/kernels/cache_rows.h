// Rows of a KV cache in block types: rounding on the way in, float on the way out.
#pragma once

#include <cstdint>

namespace kt::cpu {

// `elements` is a whole number of blocks of 32.
void expand_q8_0(const void* blocks, float* out, int64_t elements);
void expand_q4_0(const void* blocks, float* out, int64_t elements);

}  // namespace kt::cpu
