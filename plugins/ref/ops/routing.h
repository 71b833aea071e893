// The parts of expert routing: TopK, GroupMask, TakeAlong, WeightedSum.
#pragma once

#include <cmath>
#include <limits>

#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// Whether a stands before b in descending order; a NaN stands before every number.
inline bool precedes(float a, float b) { return a > b || (std::isnan(a) && !std::isnan(b)); }

// The k largest of a row in descending order, ties by lower index.
struct TopK {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "the k largest, ties by lower index";
  static Support supports(const Node& node) { return all_float(node); }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto ids = out[0].rows<int32_t>();
    const auto values = out[1].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      const float* row = x[t];
      for (int64_t s = 0; s < ids.dim(); ++s) {
        const int32_t before = s == 0 ? -1 : ids[t][s - 1];
        int32_t best = -1;
        for (int32_t i = 0; i < x.dim(); ++i)
          if (follows(row, i, before) && (best < 0 || precedes(row[i], row[best]))) best = i;
        ids[t][s] = best;
        values[t][s] = row[best];
      }
    });
  }

 private:
  // Whether element i comes after element `before` in the order; every element comes after none (-1).
  static bool follows(const float* row, int32_t i, int32_t before) {
    if (before < 0) return true;
    if (precedes(row[before], row[i])) return true;
    return !precedes(row[i], row[before]) && i > before;
  }
};

// Values outside the best `used` of `groups` groups become 0. A group's score is its greatest value or the sum of its two
// greatest.
struct GroupMask {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "zero outside the best groups";
  static Support supports(const Node& node) {
    const std::string score = node.text_or("score", "");
    return score == "max" || score == "top2" ? all_float(node) : no("score is '" + score + "', not max or top2");
  }

  Status create(const Node& node) {
    top2_ = node.text_or("score", "max") == "top2";
    const Status status = node.read("groups", groups_);
    return status.ok() ? node.read("used", used_) : status;
  }
  uint64_t scratch_size(int64_t, int32_t threads) const { return static_cast<uint64_t>(threads * groups_) * sizeof(double); }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    const int64_t size = x.dim() / groups_;
    return call.parallel_for(x.count(), 1, [&](int64_t begin, int64_t end, int32_t thread) {
      double* scores = call.scratch<double>() + thread * groups_;
      for (int64_t t = begin; t < end; ++t) {
        for (int64_t g = 0; g < groups_; ++g) scores[g] = score(x[t] + g * size, size);
        for (int64_t g = 0; g < groups_; ++g)
          for (int64_t i = g * size; i < (g + 1) * size; ++i) y[t][i] = rank(scores, g) < used_ ? x[t][i] : 0.0f;
      }
    });
  }

 private:
  double score(const float* group, int64_t size) const {
    constexpr double kNone = -std::numeric_limits<double>::infinity();
    double first = kNone, second = kNone;
    for (int64_t i = 0; i < size; ++i) {
      const double value = group[i];
      if (value > first) {
        second = first;
        first = value;
      } else if (value > second) {
        second = value;
      }
    }
    return top2_ && size > 1 ? first + second : first;
  }
  // Groups that come before group g: higher scores, and equal ones of lower index.
  int64_t rank(const double* scores, int64_t g) const {
    int64_t before = 0;
    for (int64_t other = 0; other < groups_; ++other)
      before += scores[other] > scores[g] || (scores[other] == scores[g] && other < g);
    return before;
  }

  bool top2_ = false;
  int64_t groups_ = 1, used_ = 1;
};

// y [T, k] = x [T, n] at ids [T, k]
struct TakeAlong {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "elements of a row by index";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_F32), needs_input(node, 1, KT_I32)); }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto ids = in[1].rows<int32_t>();
    const auto y = out[0].rows<float>();
    for (int64_t t = 0; t < ids.count(); ++t)
      for (int64_t s = 0; s < ids.dim(); ++s) check_index(ids[t][s], x.dim(), "index");
    return call.parallel_for(y.count(), [&](int64_t t) {
      for (int64_t s = 0; s < y.dim(); ++s) y[t][s] = x[t][ids[t][s]];
    });
  }
};

// y [T, dim] = sum over s of w [T, s] * h [T, s, dim], in slot order
struct WeightedSum {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "weighted sum over slots in float64";
  static Support supports(const Node& node) { return all_float(node); }

  Status run(Call& call, In in, Out out) {
    const auto h = in[0].rows<float>();  // [T * k, dim]
    const auto w = in[1].rows<float>();
    const auto y = out[0].rows<float>();
    const int64_t slots = in[0].dim(1);
    return call.parallel_for(y.count(), [&](int64_t t) {
      for (int64_t i = 0; i < y.dim(); ++i) {
        double sum = 0;
        for (int64_t s = 0; s < slots; ++s) sum += double{w[t][s]} * double{h[t * slots + s][i]};
        y[t][i] = static_cast<float>(sum);
      }
    });
  }
};

}  // namespace kt::ref
