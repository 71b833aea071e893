// Repeated measurements of one thing, and whether two sets of them differ.
#pragma once

#include <vector>

namespace kt::bench {

class Samples {
 public:
  void add(double value) { values_.push_back(value); }
  const std::vector<double>& values() const { return values_; }
  double median() const;
  double mean() const;
  double variance() const;  // of a sample; 0 for fewer than two
  double spread() const;    // (max - min) / median
  double least() const;

 private:
  std::vector<double> values_;
};

// Two-sided p-value of Welch's t-test that the means are equal; 1 if either set has fewer than two values.
double welch_p(const Samples& a, const Samples& b);

}  // namespace kt::bench
