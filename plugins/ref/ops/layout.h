// Moving elements without changing them: SplitHeads, MergeHeads, Slice, Concat, Copy. Planned as views, the first three do not
// run.
#pragma once

#include <cstring>

#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// Elements of four bytes: float32 and int32.
inline Support four_byte_inputs(const Node& node) {
  for (uint32_t i = 0; i < node.input_count(); ++i)
    if (const int32_t dtype = node.input(i).dtype; dtype != KT_F32 && dtype != KT_I32)
      return no("input " + std::to_string(i) + " is neither float32 nor int32");
  return yes();
}

// The rows of a tensor of four-byte elements, whichever type it has.
inline Rows<uint32_t> words(const KtTensor& tensor) {
  if (tensor.dtype != KT_F32 && tensor.dtype != KT_I32) throw Failure("a tensor is neither float32 nor int32");
  return Rows<uint32_t>(tensor);
}

// [T, heads * d] -> [T, heads, d]
struct SplitHeads {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "a row as heads";
  static Support supports(const Node& node) { return four_byte_inputs(node); }

  Status run(Call& call, In in, Out out) {
    const auto x = words(in[0].raw()), y = words(out[0].raw());
    const int64_t heads = out[0].dim(1);
    return call.parallel_for(y.count(), [&](int64_t r) { std::copy_n(x[r / heads] + r % heads * y.dim(), y.dim(), y[r]); });
  }
};

// [T, heads, d] -> [T, heads * d]
struct MergeHeads {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "heads as one row";
  static Support supports(const Node& node) { return four_byte_inputs(node); }

  Status run(Call& call, In in, Out out) {
    const auto x = words(in[0].raw()), y = words(out[0].raw());
    const int64_t heads = in[0].dim(1);
    return call.parallel_for(x.count(), [&](int64_t r) { std::copy_n(x[r], x.dim(), y[r / heads] + r % heads * x.dim()); });
  }
};

// Elements begin..end of the last dimension.
struct Slice {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "a range of the last dimension";
  static Support supports(const Node& node) { return four_byte_inputs(node); }

  Status create(const Node& node) { return node.read("begin", begin_); }
  Status run(Call& call, In in, Out out) {
    const auto x = words(in[0].raw()), y = words(out[0].raw());
    return call.parallel_for(y.count(), [&](int64_t r) { std::copy_n(x[r] + begin_, y.dim(), y[r]); });
  }

 private:
  int64_t begin_ = 0;
};

// a [..., m] before b [..., n]
struct Concat {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "two rows as one";
  static Support supports(const Node& node) { return four_byte_inputs(node); }

  Status run(Call& call, In in, Out out) {
    const auto a = words(in[0].raw()), b = words(in[1].raw()), y = words(out[0].raw());
    return call.parallel_for(y.count(), [&](int64_t r) {
      std::copy_n(a[r], a.dim(), y[r]);
      std::copy_n(b[r], b.dim(), y[r] + a.dim());
    });
  }
};

struct Copy {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "the same elements in other memory";
  static Support supports(const Node& node) { return four_byte_inputs(node); }

  Status run(Call& call, In in, Out out) {
    const auto x = words(in[0].raw()), y = words(out[0].raw());
    return call.parallel_for(y.count(), [&](int64_t r) { std::copy_n(x[r], x.dim(), y[r]); });
  }
};

}  // namespace kt::ref
