// Rotary position embedding.
#pragma once

#include <cmath>
#include <vector>

#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// Pairs of dimensions of each head are turned by position * inv_freq. The angle is that product in float32, as the models were
// trained with; its sine and cosine are float64.
struct Rope {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "rotary position embedding, angles in float32";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_F32), needs_input(node, 1, KT_I32)); }

  Status create(const Node& node) {
    interleaved_ = node.int_or("interleaved", 0) != 0;
    scale_ = node.float_or("scale", 1.0);
    return node.read("inv_freq", frequencies_);
  }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();  // [T * heads, dim]
    const auto y = out[0].rows<float>();
    const auto positions = in[1].row<int32_t>();
    const int64_t heads = in[0].dim(1);
    return call.parallel_for(x.count(), [&](int64_t r) { turn(x[r], y[r], x.dim(), positions[static_cast<size_t>(r / heads)]); });
  }

 private:
  void turn(const float* x, float* y, int64_t dim, int32_t position) const {
    const auto pairs = static_cast<int64_t>(frequencies_.size());
    for (int64_t i = 0; i < pairs; ++i) {
      const float angle = static_cast<float>(position) * frequencies_[static_cast<size_t>(i)];
      const double cosine = std::cos(double{angle}) * scale_, sine = std::sin(double{angle}) * scale_;
      const int64_t first = interleaved_ ? 2 * i : i, second = interleaved_ ? 2 * i + 1 : i + pairs;
      const double a = x[first], b = x[second];
      y[first] = static_cast<float>(a * cosine - b * sine);
      y[second] = static_cast<float>(b * cosine + a * sine);
    }
    for (int64_t i = 2 * pairs; i < dim; ++i) y[i] = x[i];
  }

  std::vector<float> frequencies_;
  bool interleaved_ = false;
  double scale_ = 1;
};

}  // namespace kt::ref
