#include "apps/bench/samples.h"

#include <algorithm>
#include <cmath>

namespace kt::bench {
namespace {

// Continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz's method.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double out = d;
  for (int m = 1; m <= 200; ++m) {
    for (const bool odd : {false, true}) {
      const double term =
          odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)) : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
      d = 1 + term * d;
      if (std::fabs(d) < kTiny) d = kTiny;
      c = 1 + term / c;
      if (std::fabs(c) < kTiny) c = kTiny;
      d = 1 / d;
      out *= c * d;
    }
    if (std::fabs(c * d - 1) < 1e-12) break;
  }
  return out;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(1 - x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double Samples::median() const {
  if (values_.empty()) return 0;
  std::vector<double> sorted = values_;
  std::sort(sorted.begin(), sorted.end());
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Samples::mean() const {
  double sum = 0;
  for (const double value : values_) sum += value;
  return values_.empty() ? 0 : sum / static_cast<double>(values_.size());
}

double Samples::variance() const {
  if (values_.size() < 2) return 0;
  double sum = 0;
  for (const double value : values_) sum += (value - mean()) * (value - mean());
  return sum / static_cast<double>(values_.size() - 1);
}

double Samples::spread() const {
  if (values_.empty() || median() == 0) return 0;
  const auto [low, high] = std::minmax_element(values_.begin(), values_.end());
  return (*high - *low) / median();
}

double Samples::least() const { return values_.empty() ? 0 : *std::min_element(values_.begin(), values_.end()); }

double welch_p(const Samples& a, const Samples& b) {
  const double n = static_cast<double>(a.values().size()), m = static_cast<double>(b.values().size());
  if (n < 2 || m < 2) return 1;
  const double va = a.variance() / n, vb = b.variance() / m;
  if (va + vb == 0) return a.mean() == b.mean() ? 1 : 0;
  const double t = (a.mean() - b.mean()) / std::sqrt(va + vb);
  const double freedom = (va + vb) * (va + vb) / (va * va / (n - 1) + vb * vb / (m - 1));
  return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

}  // namespace kt::bench
