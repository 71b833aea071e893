// Least-squares searches for the scale and the offset of a group of values.
//
// A group is approximated by scale * code + offset with codes from a grid. For given codes the best scale and offset follow from
// linear equations; for a given scale the best codes are the nearest. The searches start from several scales, apply both steps,
// and keep what has the least weighted squared error, measured with the scale as it will be stored.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kt/format/float16.h"

namespace kt::core::quantize {

// As stored in a block; `exact` for scales that are quantised further.
inline float as_half(float value) { return format::f32_from_f16(format::f16_from_f32(value)); }
inline float exact(float value) { return value; }
using Stored = float (*)(float);

// The integers low..high.
struct IntegerGrid {
  float low, high;
  float step = 1;  // between the anchors of a search

  float nearest(float value) const {
    constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    value = value < low ? low : value;
    value = value > high ? high : value;
    return (value + kRound) - kRound;
  }
  // The magnitude of a code on which a search puts the largest value; 0 after the last one. Half of the reach is enough: with
  // lower anchors the same values lie on a coarser grid.
  float anchor(int i) const {
    const float reach = -low > high ? -low : high, out = reach - static_cast<float>(i) * step;
    return 2 * out > reach ? out : 0;
  }
};

// The values of a table in ascending order; a search anchors on those of at least half of the largest magnitude.
template <int Count>
struct TableGrid {
  float first = 0, middles[Count - 1] = {}, gaps[Count - 1] = {}, anchors[Count + 1] = {};

  explicit constexpr TableGrid(const int8_t (&values)[Count]) : first(values[0]) {
    const int lowest = -values[0], highest = values[Count - 1], reach = lowest > highest ? lowest : highest;
    int used = 0;
    for (int i = 0; i < Count; ++i) {
      const int magnitude = values[i] < 0 ? -values[i] : values[i];
      if (2 * magnitude >= reach) anchors[used++] = static_cast<float>(magnitude);
    }
    for (int i = 0; i + 1 < Count; ++i) {
      middles[i] = 0.5f * static_cast<float>(values[i] + values[i + 1]);
      gaps[i] = static_cast<float>(values[i + 1] - values[i]);
    }
  }
  float nearest(float value) const {
    float out = first;
    for (int i = 0; i + 1 < Count; ++i) out += value > middles[i] ? gaps[i] : 0.0f;
    return out;
  }
  float anchor(int i) const { return anchors[i]; }
};

// The parts of a row that are encoded together; weights are all positive or zero.
struct Group {
  const float* values;
  const float* weights;
};

inline float inverse(float value) {
  const float out = 1.0f / value;
  return std::isfinite(out) ? out : 0.0f;
}

constexpr int kLanes = 8;  // sums that are kept apart, so that they can be computed side by side

inline float total(const float (&lanes)[kLanes]) {
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

// Writes the nearest codes; the weighted squared error.
template <int N, class Grid>
float encode(const Group& group, float scale, float offset, const Grid& grid, float* codes) {
  const float factor = inverse(scale);
  float errors[kLanes] = {};
  for (int i = 0; i < N; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) {
      const int at = i + lane;
      codes[at] = grid.nearest((group.values[at] - offset) * factor);
      const float difference = group.values[at] - (scale * codes[at] + offset);
      errors[lane] += group.weights[at] * difference * difference;
    }
  return total(errors);
}

// The scale that fits given codes best.
template <int N>
float best_scale(const Group& group, const float* codes, float otherwise) {
  float products[kLanes] = {}, squares[kLanes] = {};
  for (int i = 0; i < N; i += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) {
      const int at = i + lane;
      products[lane] += group.weights[at] * group.values[at] * codes[at];
      squares[lane] += group.weights[at] * codes[at] * codes[at];
    }
  const float square = total(squares), scale = total(products) / square;
  return square > 0 && std::isfinite(scale) ? scale : otherwise;
}

template <int N>
float largest(const float* values) {
  float out = 0;
  for (int i = 0; i < N; ++i) out = std::max(out, std::fabs(values[i]));
  return out;
}

struct Fit {
  float scale = 0, offset = 0, error = -1;
};

// The best of several scales for a group without offset.
template <int N, class Grid>
class ScaleSearch {
 public:
  ScaleSearch(const Group& group, const Grid& grid, Stored stored) : group_(group), grid_(grid), stored_(stored) {}

  void consider(float start) {
    const float first = stored_(start);
    keep(first);
    const float refined = stored_(best_scale<N>(group_, codes_, first));
    if (refined != first) keep(refined);
  }

  // Scales that put the largest magnitude onto each of the grid's anchors, with both signs.
  Fit run() {
    const float most = largest<N>(group_.values);
    if (most == 0) return {0, 0, 0};
    for (int i = 0; grid_.anchor(i) > 0 && best_.error != 0; ++i) {
      consider(most / grid_.anchor(i));
      consider(-most / grid_.anchor(i));
    }
    return best_;
  }

  const Fit& best() const { return best_; }

 private:
  void keep(float scale) {
    const float error = encode<N>(group_, scale, 0, grid_, codes_);
    if (best_.error < 0 || error < best_.error) best_ = {scale, 0, error};
  }

  Group group_;
  const Grid& grid_;
  Stored stored_;
  Fit best_;
  float codes_[N];
};

// The best scale and offset of a group for codes 0..high. Offsets above zero are out of reach where `lowered` is set: then values
// are written as scale * code - minimum with a minimum that is not negative.
template <int N>
class AffineSearch {
 public:
  AffineSearch(const Group& group, int high, Stored stored, bool lowered)
      : group_(group), grid_{0, static_cast<float>(high)}, stored_(stored), lowered_(lowered) {}

  Fit run() {
    float low = *std::min_element(group_.values, group_.values + N), top = *std::max_element(group_.values, group_.values + N);
    if (lowered_) low = std::min(low, 0.0f);
    if (top <= low) return constant(low);
    constexpr float kMargins[] = {0, -0.06f, 0.05f, 0.1f, 0.16f, 0.24f};  // of the range that is cut off, or added
    for (const float margin : kMargins) {
      if (best_.error == 0) break;
      consider((top - low) / (grid_.high * (1 + margin)), low + 0.5f * margin * (top - low));
    }
    return best_;
  }

 private:
  Fit constant(float value) {
    const float offset = lowered_ ? std::min(value, 0.0f) : value;
    return {0, stored_(offset), 0};
  }

  void consider(float scale, float offset) {
    constexpr int kRefinements = 3;
    for (int i = 0; i <= kRefinements; ++i) {
      if (lowered_) offset = std::min(offset, 0.0f);
      scale = stored_(scale);
      offset = stored_(offset);
      const float error = encode<N>(group_, scale, offset, grid_, codes_);
      const bool better = best_.error < 0 || error < best_.error;
      if (better) best_ = {scale, offset, error};
      if (!better && i > 0) return;
      if (error == 0) return;
      solve(scale, offset);
    }
  }

  // The scale and offset that fit the codes best; with an offset above zero the best scale without one.
  void solve(float& scale, float& offset) const {
    double w = 0, q = 0, qq = 0, x = 0, xq = 0;
    for (int i = 0; i < N; ++i) {
      const double weight = group_.weights[i], code = codes_[i], value = group_.values[i];
      w += weight;
      q += weight * code;
      qq += weight * code * code;
      x += weight * value;
      xq += weight * value * code;
    }
    const double determinant = w * qq - q * q;
    if (!(determinant > 0)) return;
    const double a = (w * xq - q * x) / determinant, b = (qq * x - q * xq) / determinant;
    if (!std::isfinite(a) || !std::isfinite(b) || a <= 0) return;
    scale = static_cast<float>(a);
    offset = static_cast<float>(b);
    if (lowered_ && offset > 0) {
      offset = 0;
      scale = static_cast<float>(qq > 0 ? xq / qq : a);
    }
  }

  Group group_;
  IntegerGrid grid_;
  Stored stored_;
  bool lowered_;
  Fit best_;
  float codes_[N];
};

}  // namespace kt::core::quantize
