// Frequencies of rotary position embeddings (arXiv:2104.09864) and of the ways to stretch them to longer contexts.
#ifndef KT_ROPE_HPP
#define KT_ROPE_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace kt {

enum class RopeType { kDefault, kLinear, kLlama3, kYarn };

// The fields of a configuration's rope_scaling, defaults filled in.
struct RopeScaling {
  RopeType type = RopeType::kDefault;
  double theta = 10000.0;
  double factor = 1.0;
  double original_context = 0;       // positions seen in pre-training (llama3, yarn)
  double low_frequency = 1.0;        // llama3
  double high_frequency = 4.0;       // llama3
  double beta_fast = 32.0;           // yarn: rotations within the original context above which a dimension is left alone
  double beta_slow = 1.0;            // yarn: rotations below which it is wholly interpolated
  bool truncate = true;              // yarn: the ramp begins and ends at whole dimensions
  double mscale = 0;                 // yarn, 0: not given
  double mscale_all_dim = 0;         // yarn, 0: not given
  double attention_factor = 0;       // yarn, 0: derived
  std::vector<float> divisors = {};  // [dim / 2], from a file: each frequency is divided by its own
};

// What a Rope node needs.
struct RopeFrequencies {
  std::vector<float> inv_freq;  // [dim / 2], radians a position
  double scale = 1.0;           // on cos and sin
};

// YaRN's temperature for a context stretched by `factor` (arXiv:2309.00071, section 3.4), weighted by `mscale`.
inline double yarn_mscale(double factor, double mscale) { return factor <= 1.0 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

namespace rope_detail {

// The dimension that turns `rotations` times within the original context.
inline double yarn_dimension(const RopeScaling& s, double rotations, int64_t dim) {
  return static_cast<double>(dim) * std::log(s.original_context / (rotations * 2 * std::numbers::pi)) / (2 * std::log(s.theta));
}

inline void stretch_yarn(const RopeScaling& s, int64_t dim, std::vector<double>& frequencies) {
  double low = yarn_dimension(s, s.beta_fast, dim), high = yarn_dimension(s, s.beta_slow, dim);
  if (s.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(dim - 1));
  if (low == high) high += 0.001;  // a ramp of no width would divide by zero
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double interpolated = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] = frequencies[i] / s.factor * interpolated + frequencies[i] * (1 - interpolated);
  }
}

// Long waves are divided by the factor, short ones kept, and those between blended.
inline void stretch_llama3(const RopeScaling& s, std::vector<double>& frequencies) {
  for (double& frequency : frequencies) {
    const double rotations = s.original_context * frequency / (2 * std::numbers::pi);
    const double kept = std::clamp((rotations - s.low_frequency) / (s.high_frequency - s.low_frequency), 0.0, 1.0);
    frequency = (1 - kept) * frequency / s.factor + kept * frequency;
  }
}

inline double yarn_scale(const RopeScaling& s) {
  if (s.attention_factor > 0) return s.attention_factor;
  if (s.mscale != 0 && s.mscale_all_dim != 0) return yarn_mscale(s.factor, s.mscale) / yarn_mscale(s.factor, s.mscale_all_dim);
  return yarn_mscale(s.factor, 1.0);
}

}  // namespace rope_detail

// `dim`: rotated dimensions of a head, even. `divisors`, where given, has dim / 2 values.
inline RopeFrequencies rope_frequencies(const RopeScaling& scaling, int64_t dim) {
  std::vector<double> frequencies(static_cast<size_t>(dim / 2));
  for (size_t i = 0; i < frequencies.size(); ++i)
    frequencies[i] = std::pow(scaling.theta, -2.0 * static_cast<double>(i) / static_cast<double>(dim));
  RopeFrequencies out;
  if (scaling.type == RopeType::kLinear)
    for (double& frequency : frequencies) frequency /= scaling.factor;
  if (scaling.type == RopeType::kLlama3) rope_detail::stretch_llama3(scaling, frequencies);
  if (scaling.type == RopeType::kYarn) {
    rope_detail::stretch_yarn(scaling, dim, frequencies);
    out.scale = rope_detail::yarn_scale(scaling);
  }
  for (size_t i = 0; i < frequencies.size(); ++i) {
    const double divisor = i < scaling.divisors.size() ? static_cast<double>(scaling.divisors[i]) : 1.0;
    out.inv_freq.push_back(static_cast<float>(frequencies[i] / divisor));
  }
  return out;
}

}  // namespace kt

#endif
