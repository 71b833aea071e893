// Another element type.
#pragma once

#include <algorithm>
#include <cmath>

#include "kt/format/dequantize.h"
#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// Between float32, float16, bfloat16 and int32. Rounds to nearest, ties to even; an int32 is cut towards zero and limited to its
// range, NaN gives 0.
struct Cast {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "another element type";
  static Support supports(const Node& node) {
    return known(node.input(0).dtype) && known(node.output(0).dtype)
               ? yes()
               : no("its types are not float32, float16, bfloat16 or int32");
  }

  Status run(Call& call, In in, Out out) {
    const KtTensor &x = in[0].raw(), &y = out[0].raw();
    if (!known(x.dtype) || !known(y.dtype))
      return unsupported("a cast between types other than float32, float16, bfloat16, int32");
    const Bytes from(x), to(y);
    const format::RowConverter to_float = format::dequantizer(x.dtype);
    return call.parallel_for(from.count(), [&](int64_t r) {
      for (int64_t i = 0; i < from.dim(); ++i) {
        if (x.dtype == KT_I32 && y.dtype == KT_I32) {
          std::copy_n(from.at(r, i), 4, to.at(r, i));
          continue;
        }
        float value;
        to_float(from.at(r, i), &value, 1);
        store(value, y.dtype, to.at(r, i));
      }
    });
  }

 private:
  static bool known(int32_t dtype) { return dtype == KT_F32 || dtype == KT_F16 || dtype == KT_BF16 || dtype == KT_I32; }
  static int64_t size_of(int32_t dtype) { return dtype == KT_F32 || dtype == KT_I32 ? 4 : 2; }

  // The rows of a tensor by byte.
  class Bytes {
   public:
    explicit Bytes(const KtTensor& tensor) : size_(size_of(tensor.dtype)), rows_(in_bytes(tensor, size_)) {}
    int64_t count() const { return rows_.count(); }
    int64_t dim() const { return rows_.dim() / size_; }
    unsigned char* at(int64_t row, int64_t i) const { return rows_[row] + i * size_; }

   private:
    static KtTensor in_bytes(KtTensor tensor, int64_t size) {
      for (int32_t d = 0; d + 1 < tensor.rank; ++d) tensor.stride[d] *= size;
      if (tensor.rank > 0) tensor.shape[tensor.rank - 1] *= size;
      return tensor;
    }
    int64_t size_;
    Rows<unsigned char> rows_;
  };

  static void store(float value, int32_t dtype, void* to) {
    if (dtype == KT_F32) {
      std::memcpy(to, &value, sizeof value);
    } else if (dtype == KT_I32) {
      const double limited = std::isnan(value) ? 0.0 : std::clamp(double{value}, -2147483648.0, 2147483647.0);
      const auto whole = static_cast<int32_t>(limited);
      std::memcpy(to, &whole, sizeof whole);
    } else {
      const uint16_t bits = dtype == KT_F16 ? format::f16_from_f32(value) : format::bf16_from_f32(value);
      std::memcpy(to, &bits, sizeof bits);
    }
  }
};

}  // namespace kt::ref
