// Operators on single elements: activations, sums and products of two tensors, AddBias, Scale, Clamp.
#pragma once

#include <cmath>
#include <numbers>

#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// y = f(x) for every element.
template <class F>
Status map_elements(Call& call, In in, Out out, F&& f) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  return call.parallel_for(x.count(), [&](int64_t t) {
    for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = static_cast<float>(f(double{x[t][i]}));
  });
}

inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
inline double silu(double x) { return x * sigmoid(x); }
inline double relu(double x) { return x < 0 ? 0.0 : x; }  // a NaN stays one
inline double tanh(double x) { return std::tanh(x); }
inline double exp(double x) { return std::exp(x); }

template <double (*f)(double)>
struct Unary {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "each element in float64";
  static Support supports(const Node& node) { return all_float(node); }

  Status run(Call& call, In in, Out out) { return map_elements(call, in, out, f); }
};

struct Gelu {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "Gaussian error linear unit in float64";
  static Support supports(const Node& node) {
    const std::string form = node.text_or("approximate", "none");
    return form == "none" || form == "tanh" ? all_float(node) : no("approximate is '" + form + "', not none or tanh");
  }

  Status create(const Node& node) {
    tanh_form_ = node.text_or("approximate", "none") == "tanh";
    return {};
  }
  Status run(Call& call, In in, Out out) {
    if (!tanh_form_) return map_elements(call, in, out, [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); });
    const double slope = std::sqrt(2.0 / std::numbers::pi);
    return map_elements(call, in, out, [&](double x) { return 0.5 * x * (1.0 + std::tanh(slope * (x + 0.044715 * x * x * x))); });
  }

 private:
  bool tanh_form_ = false;
};

inline double add(double a, double b) { return a + b; }
inline double subtract(double a, double b) { return a - b; }
inline double multiply(double a, double b) { return a * b; }

// a and b of equal shape, or the last dimension of b is 1.
template <double (*f)(double, double)>
struct Binary {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "two elements in float64";
  static Support supports(const Node& node) { return all_float(node); }

  Status run(Call& call, In in, Out out) {
    const auto a = in[0].rows<float>(), b = in[1].rows<float>();
    const auto y = out[0].rows<float>();
    const int64_t step = b.dim() == a.dim() ? 1 : 0;
    return call.parallel_for(a.count(), [&](int64_t t) {
      for (int64_t i = 0; i < a.dim(); ++i) y[t][i] = static_cast<float>(f(a[t][i], b[t][i * step]));
    });
  }
};

struct AddBias {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "a vector added to each row";
  static Support supports(const Node& node) { return all_float(node); }

  Status prepare(const Weights& weights) {
    bias_ = weights.row("bias");
    return {};
  }
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = x[t][i] + bias_[static_cast<size_t>(i)];
    });
  }

 private:
  std::span<const float> bias_;
};

struct Scale {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "each element times a constant";
  static Support supports(const Node& node) { return all_float(node); }

  Status create(const Node& node) { return node.read("factor", factor_); }
  Status run(Call& call, In in, Out out) {
    return map_elements(call, in, out, [&](double x) { return x * factor_; });
  }

 private:
  double factor_ = 1;
};

struct Clamp {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "each element limited to a range";
  static Support supports(const Node& node) { return all_float(node); }

  Status create(const Node& node) {
    const Status status = node.read("minimum", minimum_);
    return status.ok() ? node.read("maximum", maximum_) : status;
  }
  Status run(Call& call, In in, Out out) {
    return map_elements(call, in, out, [&](double x) { return x < minimum_ ? minimum_ : x > maximum_ ? maximum_ : x; });
  }

 private:
  double minimum_ = 0, maximum_ = 0;
};

}  // namespace kt::ref
