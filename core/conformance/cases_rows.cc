// Cases of operators on whole rows: RmsNorm, Softmax, NormalizeSum, Rope, TopK, GroupMask, TakeAlong, WeightedSum.
#include <algorithm>
#include <cmath>

#include "core/graph/attributes.h"
#include "core/conformance/bounds.h"

namespace kt::conformance {
namespace {

constexpr int64_t kDims[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 500};

// exp turns the rounding of a difference into as many units as the difference is large.
Bounds softmax_bounds(const Evaluation& e, Activations) {
  const Data &x = e.input(0), &y = e.output(0);
  const int64_t n = x.shape.back();
  Errors out;
  for (int64_t i = 0; i < x.count(); ++i) {
    const float* row = x.floats() + i / n * n;
    const double below = *std::max_element(row, row + n) - double{x.floats()[i]};
    out.push_back(y.floats()[i] * kUnit * (below + static_cast<double>(n) + 16) + kTiny);
  }
  return {out};
}

void add_norms(std::vector<Case>& out) {
  for (const int64_t n : kDims) {
    const std::string name = "dim " + std::to_string(n);
    Case norm{.class_name = "RmsNorm",
              .name = name,
              .inputs = {{.shape = n % 2 != 0 ? std::vector<int64_t>{n} : std::vector<int64_t>{3, n}}}};
    norm.build = [](GraphBuilder& g, const std::vector<Value>& v) { return std::vector{g.rms_norm("node", v[0], 1e-5)}; };
    norm.bounds = relative(8, static_cast<double>(n));
    norm.gap = n % 3;
    out.push_back(norm);
    Case softmax{.class_name = "Softmax", .name = name, .inputs = {{.shape = {n}}}};
    softmax.build = [](GraphBuilder& g, const std::vector<Value>& v) { return std::vector{g.unary("node", "Softmax", v[0])}; };
    softmax.bounds = softmax_bounds;
    softmax.gap = n % 3;
    out.push_back(softmax);
    softmax.name += ", wide";
    softmax.inputs[0].kind = InputKind::kWide;
    out.push_back(softmax);
    Case sum{.class_name = "NormalizeSum", .name = name, .inputs = {{.kind = InputKind::kPositive, .shape = {n}}}};
    sum.build = [](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.node({.name = "node", .class_name = "NormalizeSum", .inputs = v, .attributes = {{"eps", 1e-20}}})};
    };
    sum.bounds = relative(4, static_cast<double>(n));
    sum.gap = n % 3;
    out.push_back(sum);
  }
}

// An angle is a float32 product, off by half a unit of itself; sine and cosine pass that on.
Bounds rope_bounds(const Evaluation& e, Activations) {
  const Data& x = e.input(0);
  const auto& frequencies = *core::floats_attribute(e.node(), "inv_freq");
  const double scale = core::float_attribute(e.node(), "scale").value_or(1.0);
  const float fastest = *std::max_element(frequencies.begin(), frequencies.end());
  const int64_t row = x.shape[1] * x.shape[2];
  Errors out;
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t head = i / x.shape[2] * x.shape[2];
    double greatest = 0;
    for (int64_t d = head; d < head + x.shape[2]; ++d) greatest = std::max(greatest, std::fabs(double{x.floats()[d]}));
    const double angle = e.input(1).ints()[i / row] * double{fastest};
    out.push_back(2 * greatest * std::max(scale, 1.0) * kUnit * (angle + 8));
  }
  return {out};
}

void add_rope(std::vector<Case>& out) {
  struct Shape {
    int64_t heads, dim, pairs;
    bool interleaved;
    double scale;
  };
  const Shape shapes[] = {{1, 2, 1, false, 1.0},  {3, 16, 8, false, 1.0},  {3, 16, 8, true, 1.0},  {2, 64, 32, false, 1.2},
                          {2, 64, 32, true, 0.9}, {4, 30, 15, false, 1.0}, {4, 34, 17, true, 1.0}, {2, 40, 9, false, 1.0},
                          {2, 40, 9, true, 1.0},  {1, 128, 64, false, 1.0}};
  for (const Shape& s : shapes) {
    Case c{.class_name = "Rope", .inputs = {{.shape = {s.heads, s.dim}}, {.kind = InputKind::kPositions}}};
    c.name = std::to_string(s.heads) + " heads of " + std::to_string(s.dim) + ", " + std::to_string(2 * s.pairs) + " turned" +
             (s.interleaved ? ", interleaved" : "") + (s.scale != 1.0 ? ", scaled" : "");
    c.build = [s](GraphBuilder& g, const std::vector<Value>& v) {
      std::vector<float> frequencies;
      for (int64_t i = 0; i < s.pairs; ++i)
        frequencies.push_back(static_cast<float>(std::pow(10000.0, -static_cast<double>(i) / static_cast<double>(s.pairs))));
      return std::vector{
          g.node({.name = "node",
                  .class_name = "Rope",
                  .inputs = v,
                  .attributes = {{"inv_freq", frequencies}, {"interleaved", int64_t{s.interleaved}}, {"scale", s.scale}}})};
    };
    c.bounds = rope_bounds;
    c.segments = {{0, 9, 0}, {1000, 3, 1}, {30000, 2, 2}};
    c.gap = s.dim % 3;
    out.push_back(std::move(c));
  }
}

void add_routing(std::vector<Case>& out) {
  for (const auto& [n, k] : {std::pair<int64_t, int64_t>{1, 1}, {2, 1}, {8, 8}, {15, 4}, {17, 3}, {64, 8}, {100, 1}, {256, 8}}) {
    Case top{.class_name = "TopK", .name = std::to_string(k) + " of " + std::to_string(n), .inputs = {{.shape = {n}}}};
    const int64_t used = k;
    top.build = [used](GraphBuilder& g, const std::vector<Value>& v) {
      const auto both = g.nodes<2>({.name = "node", .class_name = "TopK", .inputs = v, .attributes = {{"k", used}}});
      return std::vector<Value>(both.begin(), both.end());
    };
    top.bounds = exact;
    top.ids_decide = true;
    top.gap = n % 3;
    out.push_back(top);
    top.name += ", ties";
    top.inputs[0].kind = InputKind::kFewValues;
    out.push_back(top);
    Case take{.class_name = "TakeAlong",
              .name = std::to_string(k) + " of " + std::to_string(n),
              .inputs = {{.shape = {n}}, {.kind = InputKind::kIds, .shape = {k}, .limit = n}}};
    take.build = [](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.binary("node", "TakeAlong", v[0], v[1])};
    };
    take.bounds = exact;
    take.gap = n % 3;
    out.push_back(take);
  }
  struct Groups {
    int64_t n, groups, used;
    const char* score;
  };
  for (const Groups& s : {Groups{8, 4, 2, "max"},
                          {8, 4, 2, "top2"},
                          {64, 8, 3, "max"},
                          {64, 8, 4, "top2"},
                          {6, 6, 2, "top2"},
                          {5, 1, 1, "max"},
                          {33, 3, 3, "top2"}}) {
    Case c{.class_name = "GroupMask", .inputs = {{.kind = InputKind::kPositive, .shape = {s.n}}}};
    c.name = std::string(s.score) + ", " + std::to_string(s.used) + " of " + std::to_string(s.groups) + " groups of " +
             std::to_string(s.n / s.groups);
    c.build = [s](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.node({.name = "node",
                                 .class_name = "GroupMask",
                                 .inputs = v,
                                 .attributes = {{"groups", s.groups}, {"used", s.used}, {"score", s.score}}})};
    };
    c.bounds = exact;
    c.ids_decide = true;
    c.gap = s.n % 3;
    out.push_back(c);
    c.name += ", ties";
    c.inputs[0].kind = InputKind::kFewValues;
    out.push_back(std::move(c));
  }
}

Bounds sum_bounds(const Evaluation& e, Activations) {
  const Data &h = e.input(0), &w = e.input(1);
  const int64_t slots = h.shape[1], dim = h.shape[2];
  Errors out;
  for (int64_t t = 0; t < h.shape[0]; ++t)
    for (int64_t i = 0; i < dim; ++i) {
      double size = 0;
      for (int64_t s = 0; s < slots; ++s)
        size += std::fabs(double{w.floats()[t * slots + s]} * double{h.floats()[(t * slots + s) * dim + i]});
      out.push_back(size * kUnit * static_cast<double>(slots + 2) + kTiny);
    }
  return {out};
}

void add_weighted_sum(std::vector<Case>& out) {
  for (const auto& [slots, dim] : {std::pair<int64_t, int64_t>{1, 1}, {2, 7}, {3, 16}, {8, 17}, {6, 65}}) {
    Case c{.class_name = "WeightedSum", .name = std::to_string(slots) + " slots of " + std::to_string(dim)};
    c.inputs = {{.shape = {slots, dim}}, {.shape = {slots}}};
    c.build = [](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.binary("node", "WeightedSum", v[0], v[1])};
    };
    c.bounds = sum_bounds;
    c.gap = dim % 3;
    out.push_back(std::move(c));
  }
}

}  // namespace

std::vector<Case> row_cases() {
  std::vector<Case> out;
  add_norms(out);
  add_rope(out);
  add_routing(out);
  add_weighted_sum(out);
  return out;
}

}  // namespace kt::conformance
