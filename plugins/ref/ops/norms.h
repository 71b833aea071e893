// Operators that scale a row by a number made of the row: RmsNorm, Softmax, NormalizeSum.
#pragma once

#include <cmath>

#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// y = x / sqrt(mean(x^2) + eps) * weight
struct RmsNorm {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "root-mean-square norm in float64";
  static Support supports(const Node& node) { return all_float(node); }

  Status create(const Node& node) { return node.read("eps", eps_); }
  Status prepare(const Weights& weights) {
    weight_ = weights.row("weight");
    return {};
  }
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      double squares = 0;
      for (int64_t i = 0; i < x.dim(); ++i) squares += double{x[t][i]} * double{x[t][i]};
      const double scale = 1.0 / std::sqrt(squares / static_cast<double>(x.dim()) + eps_);
      for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = static_cast<float>(x[t][i] * scale * weight_[static_cast<size_t>(i)]);
    });
  }

 private:
  double eps_ = 0;
  std::span<const float> weight_;
};

struct Softmax {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "softmax over the last dimension in float64";
  static Support supports(const Node& node) { return all_float(node); }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      const double highest = *std::max_element(x[t], x[t] + x.dim());
      double sum = 0;
      for (int64_t i = 0; i < x.dim(); ++i) sum += std::exp(x[t][i] - highest);
      for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = static_cast<float>(std::exp(x[t][i] - highest) / sum);
    });
  }
};

// y = x / (sum(x) + eps)
struct NormalizeSum {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "a row divided by its sum";
  static Support supports(const Node& node) { return all_float(node); }

  Status create(const Node& node) { return node.read("eps", eps_); }
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      double sum = eps_;
      for (int64_t i = 0; i < x.dim(); ++i) sum += x[t][i];
      for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = static_cast<float>(x[t][i] / sum);
    });
  }

 private:
  double eps_ = 0;
};

}  // namespace kt::ref
