// Conversion of one row between the element types f32, f16 and bf16.
#pragma once

#include "plugins/cpu/kernels/vector.h"

namespace kt::cpu {

// Values round to nearest, ties to even; NaN stays NaN.
template <class From, class To>
void convert_row(const From* x, To* out, int64_t n) {
  for_each_vector(n, [&](int64_t i, int64_t count) { vec_store_upto(out + i, vec_load_upto(x + i, count), count); });
}

}  // namespace kt::cpu
