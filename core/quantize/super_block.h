// Blocks of 256 elements in groups whose scales are integers times a scale of the block.
#pragma once

#include <cmath>

#include "core/quantize/scale_search.h"

namespace kt::core::quantize {

// Groups without offset: value = scale * level[g] * code.
template <int Groups, class Grid>
class ScaledBlock {
 public:
  static constexpr int kGroup = 256 / Groups;
  struct Result {
    float scale = 0, error = -1;
    int levels[Groups] = {};
    float codes[256] = {};
  };

  // Levels are integers low..high.
  ScaledBlock(const Group& block, const Grid& grid, int low, int high) : block_(block), grid_(grid), low_(low), high_(high) {
    for (int g = 0; g < Groups; ++g) wanted_[g] = ScaleSearch<kGroup, Grid>(group(g), grid, exact).run().scale;
  }

  Result run() {
    float most = 0;  // with its sign
    for (const float scale : wanted_)
      if (std::fabs(scale) > std::fabs(most)) most = scale;
    if (most == 0) return {};
    for (const int level : {low_, low_ + 1, low_ + 2, high_}) refine(most / static_cast<float>(level));
    if (best_.error != 0) refine(whole_levels(most));
    return best_;
  }

 private:
  Group group(int g) const { return {block_.values + g * kGroup, block_.weights + g * kGroup}; }

  // The block scale for which all wanted scales are nearest to whole levels: that of a block that was quantised before.
  float whole_levels(float most) const {
    float best = most / static_cast<float>(low_), least = -1;
    for (int level = low_; 2 * level <= low_; ++level) {
      const float scale = most / static_cast<float>(level);
      float rest = 0;
      for (const float wanted : wanted_) rest = std::max(rest, std::fabs(wanted / scale - std::nearbyint(wanted / scale)));
      if (least < 0 || rest < least) {
        least = rest;
        best = scale;
      }
    }
    return best;
  }

  void refine(float scale) {
    constexpr int kRounds = 2;
    for (int round = 0; round <= kRounds; ++round) {
      const Result tried = levels_for(as_half(scale));
      const bool better = best_.error < 0 || tried.error < best_.error;
      if (better) best_ = tried;
      if (!better || tried.error == 0) return;
      scale = best_block_scale(tried);
    }
  }

  Result levels_for(float scale) const {
    Result out;
    out.scale = scale;
    out.error = 0;
    for (int g = 0; g < Groups; ++g) {
      const int start = std::clamp(static_cast<int>(std::nearbyint(wanted_[g] * inverse(scale))), low_, high_);
      float least = -1, codes[kGroup];
      for (const int level : {start, start - 1, start + 1}) {
        if (level < low_ || level > high_) continue;
        const float error = encode<kGroup>(group(g), scale * static_cast<float>(level), 0, grid_, codes);
        if (least >= 0 && error >= least) continue;
        least = error;
        out.levels[g] = level;
        std::copy(codes, codes + kGroup, out.codes + g * kGroup);
        if (error == 0) break;
      }
      out.error += least;
    }
    return out;
  }

  float best_block_scale(const Result& from) const {
    float products[256];
    for (int i = 0; i < 256; ++i) products[i] = static_cast<float>(from.levels[i / kGroup]) * from.codes[i];
    return best_scale<256>(block_, products, from.scale);
  }

  Group block_;
  const Grid& grid_;
  int low_, high_;
  float wanted_[Groups];
  Result best_;
};

// Groups with a minimum: value = scale * level[g] * code - minimum * depth[g].
template <int Groups>
class LoweredBlock {
 public:
  static constexpr int kGroup = 256 / Groups;
  struct Result {
    float scale = 0, minimum = 0, error = -1;
    int levels[Groups] = {}, depths[Groups] = {};
    float codes[256] = {};
  };

  // Codes are 0..high, levels and depths 0..most.
  LoweredBlock(const Group& block, int high, int most) : block_(block), grid_{0, static_cast<float>(high)}, most_(most) {
    for (int g = 0; g < Groups; ++g) {
      const Fit fit = AffineSearch<kGroup>(group(g), high, exact, true).run();
      scales_[g] = fit.scale;
      minimums_[g] = -fit.offset;
    }
  }

  Result run() {
    const float scale = largest<Groups>(scales_) / static_cast<float>(most_);
    const float minimum = largest<Groups>(minimums_) / static_cast<float>(most_);
    refine(scale, minimum);
    if (best_.error != 0) refine(scale * 1.04f, minimum * 1.04f);
    return best_;
  }

 private:
  Group group(int g) const { return {block_.values + g * kGroup, block_.weights + g * kGroup}; }

  void refine(float scale, float minimum) {
    constexpr int kRounds = 3;
    for (int round = 0; round <= kRounds; ++round) {
      const Result tried = levels_for(as_half(scale), as_half(minimum));
      const bool better = best_.error < 0 || tried.error < best_.error;
      if (better) best_ = tried;
      if (!better || tried.error == 0) return;
      solve(tried, scale, minimum);
    }
  }

  int nearest_level(float wanted, float unit) const {
    return std::clamp(static_cast<int>(std::nearbyint(wanted * inverse(unit))), 0, most_);
  }

  Result levels_for(float scale, float minimum) const {
    Result out;
    out.scale = scale;
    out.minimum = minimum;
    out.error = 0;
    for (int g = 0; g < Groups; ++g) out.error += fit_group(g, out);
    return out;
  }

  // Moves level and depth of a group by single steps, together or alone, until no step lowers the error.
  float fit_group(int g, Result& out) const {
    int level = nearest_level(scales_[g], out.scale), depth = nearest_level(minimums_[g], out.minimum);
    float least = try_group(g, level, depth, -1, out);
    constexpr int kSteps[][2] = {{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
    constexpr int kMostRounds = 3;
    for (int round = 0; round < kMostRounds && least > 0; ++round) {
      const int from_level = level, from_depth = depth;
      for (const auto& [up, down] : kSteps) {
        const int next_level = from_level + up, next_depth = from_depth + down;
        if (next_level < 0 || next_level > most_ || next_depth < 0 || next_depth > most_) continue;
        const float error = try_group(g, next_level, next_depth, least, out);
        if (error >= least) continue;
        least = error;
        level = next_level;
        depth = next_depth;
      }
      if (level == from_level && depth == from_depth) break;
    }
    return least;
  }

  // The error of one choice, which is taken over if it is less than `least` or that is negative.
  float try_group(int g, int level, int depth, float least, Result& out) const {
    float codes[kGroup];
    const float error =
        encode<kGroup>(group(g), out.scale * static_cast<float>(level), -out.minimum * static_cast<float>(depth), grid_, codes);
    if (least >= 0 && error >= least) return error;
    out.levels[g] = level;
    out.depths[g] = depth;
    std::copy(codes, codes + kGroup, out.codes + g * kGroup);
    return error;
  }

  // The two scales of the block that fit levels, depths and codes best.
  void solve(const Result& from, float& scale, float& minimum) const {
    double aa = 0, ab = 0, bb = 0, xa = 0, xb = 0;
    for (int i = 0; i < 256; ++i) {
      const double w = block_.weights[i], x = block_.values[i];
      const double a = static_cast<double>(from.codes[i]) * from.levels[i / kGroup], b = -from.depths[i / kGroup];
      aa += w * a * a;
      ab += w * a * b;
      bb += w * b * b;
      xa += w * x * a;
      xb += w * x * b;
    }
    const double determinant = aa * bb - ab * ab;
    if (determinant > 1e-9 * aa * bb) {
      const double s = (bb * xa - ab * xb) / determinant, m = (aa * xb - ab * xa) / determinant;
      if (s > 0 && m >= 0) {
        scale = static_cast<float>(s);
        minimum = static_cast<float>(m);
      }
    } else if (aa > 0 && bb == 0) {
      scale = static_cast<float>(xa / aa);
    }
  }

  Group block_;
  IntegerGrid grid_;
  int most_;
  float scales_[Groups], minimums_[Groups];
  Result best_;
};

}  // namespace kt::core::quantize
