#include "plugins/cpu/kernels/panel.h"

#include <immintrin.h>

#include "kt/abi.h"

namespace kt::cpu {

void ask_for(const Panel& panel) {
  for (int64_t i = 0; i < panel.bytes(); i += 64) _mm_prefetch(reinterpret_cast<const char*>(panel.data + i), _MM_HINT_T1);
}

PanelKernel find_panel_kernel(int32_t dtype, Arithmetic arithmetic) {
  PanelKernel found;
  if (arithmetic == Arithmetic::kInt8 || arithmetic == Arithmetic::kAuto) found = find_int8_kernel(dtype);
  const bool bf16 = arithmetic == Arithmetic::kBf16 || arithmetic == Arithmetic::kInt8 || dtype == KT_BF16;
  if (found.run == nullptr && bf16 && arithmetic != Arithmetic::kF32) found = find_bf16_kernel(dtype);
  return found.run != nullptr ? found : find_f32_kernel(dtype);
}

}  // namespace kt::cpu
