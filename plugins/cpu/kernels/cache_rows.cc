#include "plugins/cpu/kernels/cache_rows.h"

#include "kt/format/basic_quants.h"

namespace kt::cpu {

void expand_q8_0(const void* blocks, float* out, int64_t elements) {
  const auto* block = static_cast<const format::BlockQ8_0*>(blocks);
  for (int64_t i = 0; i < elements; i += 32, ++block) {
    const float scale = block->scale.value();
    for (int64_t j = 0; j < 32; ++j) out[i + j] = scale * static_cast<float>(block->values[j]);
  }
}

void expand_q4_0(const void* blocks, float* out, int64_t elements) {
  const auto* block = static_cast<const format::BlockQ4_0*>(blocks);
  for (int64_t i = 0; i < elements; i += 32, ++block) {
    const float scale = block->scale.value();
    for (int64_t j = 0; j < 16; ++j) {
      const int byte = block->nibbles[j];
      out[i + j] = scale * static_cast<float>((byte & 15) - 8);
      out[i + j + 16] = scale * static_cast<float>((byte >> 4) - 8);
    }
  }
}

}  // namespace kt::cpu
