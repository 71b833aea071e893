// Cases of the feed-forward modules: MoeExperts, Mlp, SwiGlu, and of the routing module MoeGate.
#include "kt/format/dtype.h"
#include "kt/model_blocks.hpp"
#include "core/conformance/bounds.h"

namespace kt::conformance {
namespace {

// gate and up, their product, then down.
Errors feed_forward_bound(const Evaluation& e, const std::vector<Data>& ids, Activations activations) {
  const core::Node &gate = e.inner("gate_proj"), &up = e.inner("up_proj"), &down = e.inner("down_proj");
  const auto with_ids = [&](Data x) {
    std::vector<Data> inputs{std::move(x)};
    inputs.insert(inputs.end(), ids.begin(), ids.end());
    return inputs;
  };
  const Data& x = e.input(0);
  const Errors gate_error = product_bound(e, gate, with_ids(x), no_error(x), activations);
  const Errors up_error = product_bound(e, up, with_ids(x), no_error(x), activations);
  const Errors inner_error = swiglu_bound(e.output_of(gate), gate_error, e.output_of(up), up_error);
  return product_bound(e, down, with_ids(e.input_of(down, 0)), inner_error, activations);
}

Bounds mlp_bounds(const Evaluation& e, Activations activations) { return {feed_forward_bound(e, {}, activations)}; }

Bounds moe_bounds(const Evaluation& e, Activations activations) {
  const Errors down_error = feed_forward_bound(e, {e.input(1)}, activations);
  const core::Node& down = e.inner("down_proj");
  const Data &h = e.output_of(down), &w = e.input(2);
  const int64_t tokens = h.shape[0], used = h.shape[1], dim = h.shape[2];
  Errors out;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t i = 0; i < dim; ++i) {
      double bound = kTiny;
      for (int64_t s = 0; s < used; ++s) {
        const auto at = static_cast<size_t>((t * used + s) * dim + i);
        const double weight = std::abs(double{w.floats()[t * used + s]});
        bound += weight * (down_error[at] + kUnit * static_cast<double>(used + 4) * std::abs(double{h.floats()[at]}));
      }
      out.push_back(bound);
    }
  return {out};
}

struct MoeShape {
  int32_t dtype;
  int64_t dim, inner, experts, used;
  int32_t rows;
  WeightForm form;
};

void add_experts(std::vector<Case>& out) {
  const MoeShape shapes[] = {
      {KT_F32, 17, 15, 4, 2, 17, WeightForm::kWhole},     {KT_F32, 1, 1, 1, 1, 3, WeightForm::kWhole},
      {KT_F32, 64, 33, 8, 3, 40, WeightForm::kSplit},     {KT_BF16, 32, 16, 4, 2, 1, WeightForm::kWhole},
      {KT_BF16, 65, 31, 6, 2, 17, WeightForm::kSplit},    {KT_BF16, 64, 96, 16, 4, 33, WeightForm::kUnaligned},
      {KT_F16, 33, 47, 4, 4, 9, WeightForm::kWhole},      {KT_Q8_0, 32, 64, 4, 2, 17, WeightForm::kWhole},
      {KT_Q8_0, 96, 160, 5, 3, 33, WeightForm::kSplit},   {KT_Q4_0, 64, 32, 4, 2, 17, WeightForm::kUnaligned},
      {KT_Q4_0, 160, 96, 7, 2, 5, WeightForm::kWhole},    {KT_Q4_K, 256, 256, 4, 2, 17, WeightForm::kWhole},
      {KT_Q4_K, 512, 256, 3, 2, 2, WeightForm::kSplit},   {KT_Q6_K, 256, 512, 3, 1, 17, WeightForm::kWhole},
      {KT_IQ2_XS, 256, 256, 2, 1, 3, WeightForm::kWhole}, {KT_BF16, 128, 96, 16, 4, 120, WeightForm::kWhole},
      {KT_Q4_K, 256, 256, 6, 2, 70, WeightForm::kWhole},  {KT_MXFP4, 64, 96, 4, 2, 9, WeightForm::kWhole}};
  int turn = 0;
  for (const MoeShape& s : shapes) {
    Case c{.class_name = "MoeExperts"};
    c.name = std::string(format::dtype_info(s.dtype)->name) + " dim " + std::to_string(s.dim) + ", inner " +
             std::to_string(s.inner) + ", " + std::to_string(s.used) + " of " + std::to_string(s.experts) + ", " +
             std::to_string(s.rows) + " rows";
    c.inputs = {{.shape = {s.dim}},
                {.kind = InputKind::kIds, .shape = {s.used}, .limit = s.experts},
                {.kind = InputKind::kPositive, .shape = {s.used}}};
    c.build = [s](GraphBuilder& g, const std::vector<Value>& v) {
      const NodeSpec spec{.name = "node", .class_name = "MoeExperts", .inputs = v, .attributes = {{"activation", "silu"}}};
      return std::vector{g.module(spec, [&] {
        const Value gate = g.expert_linear("gate_proj", v[0], v[1], s.experts, s.inner);
        const Value up = g.expert_linear("up_proj", v[0], v[1], s.experts, s.inner);
        const Value down = g.expert_linear("down_proj", swiglu(g, gate, up), v[1], s.experts, s.dim);
        return g.binary("sum", "WeightedSum", down, v[2]);
      })};
    };
    c.bounds = moe_bounds;
    c.weight_dtype = s.dtype;
    c.weight_form = s.form;
    c.segments = {{0, s.rows, 0}};
    c.gap = turn++ % 2;
    out.push_back(std::move(c));
  }
}

void add_mlp(std::vector<Case>& out) {
  const MoeShape shapes[] = {{KT_F32, 17, 15, 1, 1, 17, WeightForm::kWhole},   {KT_F32, 64, 65, 1, 1, 33, WeightForm::kWhole},
                             {KT_BF16, 33, 63, 1, 1, 9, WeightForm::kWhole},   {KT_F16, 16, 31, 1, 1, 1, WeightForm::kWhole},
                             {KT_Q8_0, 64, 96, 1, 1, 17, WeightForm::kWhole},  {KT_Q4_0, 96, 32, 1, 1, 4, WeightForm::kUnaligned},
                             {KT_Q4_K, 256, 512, 1, 1, 8, WeightForm::kWhole}, {KT_Q6_K, 256, 256, 1, 1, 17, WeightForm::kWhole}};
  int turn = 0;
  for (const MoeShape& s : shapes) {
    Case c{.class_name = "Mlp", .inputs = {{.shape = {s.dim}}}};
    c.name = std::string(format::dtype_info(s.dtype)->name) + " dim " + std::to_string(s.dim) + ", inner " +
             std::to_string(s.inner) + ", " + std::to_string(s.rows) + " rows";
    c.build = [s](GraphBuilder& g, const std::vector<Value>& v) { return std::vector{mlp(g, "node", v[0], s.inner)}; };
    c.bounds = mlp_bounds;
    c.weight_dtype = s.dtype;
    c.weight_form = s.form;
    c.segments = {{0, s.rows, 0}};
    c.gap = turn++ % 2;
    out.push_back(std::move(c));
  }
}

void add_swiglu(std::vector<Case>& out) {
  for (const int64_t dim : {1, 7, 8, 15, 16, 17, 63, 65, 200}) {
    Case c{.class_name = "SwiGlu", .name = "dim " + std::to_string(dim), .inputs = {{.shape = {2, dim}}, {.shape = {2, dim}}}};
    c.build = [](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.module({.name = "node", .class_name = "SwiGlu", .inputs = v},
                                  [&] { return g.binary("mul", "Mul", g.unary("silu", "Silu", v[0]), v[1]); })};
    };
    c.bounds = [](const Evaluation& e, Activations) {
      Errors out = swiglu_bound(e.input(0), no_error(e.input(0)), e.input(1), no_error(e.input(1)));
      for (double& bound : out) bound += kTiny;
      return Bounds{out};
    };
    c.gap = dim % 2;
    out.push_back(std::move(c));
  }
}

// Ids are exact. Weights: softmax of logits that are off by d changes by a factor exp(2 d), a sigmoid by exp(d); normalising
// doubles that.
Bounds gate_bounds(const Evaluation& e, Activations activations) {
  const core::Node& linear = e.inner("linear");
  const Data &x = e.input(0), &w = e.output(1);
  const Errors logits = product_bound(e, linear, {x}, no_error(x), activations);
  const int64_t experts = e.output_of(linear).shape[1], used = w.shape[1];
  Errors out;
  for (int64_t i = 0; i < w.count(); ++i) {
    double most = 0;
    for (int64_t j = 0; j < experts; ++j) most = std::max(most, logits[static_cast<size_t>(i / used * experts + j)]);
    out.push_back(std::abs(double{w.floats()[i]}) *
                  (std::expm1(4 * most) + kUnit * static_cast<double>(2 * experts + used + 48)));
  }
  return {no_error(e.output(0)), out};
}

void add_gate(std::vector<Case>& out) {
  const RoutingShape shapes[] = {{.experts = 8, .used = 2, .scoring = "softmax"},
                                 {.experts = 17, .used = 4, .scoring = "softmax", .normalize = true},
                                 {.experts = 1, .used = 1, .scoring = "softmax"},
                                 {.experts = 64, .used = 6, .scoring = "softmax", .groups = 8, .groups_used = 3, .factor = 16.0},
                                 {.experts = 33, .used = 3, .scoring = "sigmoid", .bias = true, .normalize = true},
                                 {.experts = 64,
                                  .used = 8,
                                  .scoring = "sigmoid",
                                  .bias = true,
                                  .groups = 8,
                                  .groups_used = 4,
                                  .normalize = true,
                                  .factor = 2.5}};
  for (const RoutingShape& r : shapes)
    for (const int32_t dtype : {KT_F32, KT_BF16}) {
      const int64_t dim = 47 + r.experts % 3;
      Case c{.class_name = "MoeGate", .inputs = {{.shape = {dim}}}};
      c.name = std::string(r.scoring) + ", " + std::to_string(r.used) + " of " + std::to_string(r.experts) +
               (r.bias ? ", bias" : "") + (r.groups > 1 ? ", groups" : "") + (r.normalize ? ", normalized" : "") + ", " +
               std::string(format::dtype_info(dtype)->name);
      c.build = [r](GraphBuilder& g, const std::vector<Value>& v) {
        const Routing routing = moe_gate(g, r, v[0]);
        return std::vector{routing.ids, routing.weights};
      };
      c.node_name = "gate";  // as moe_gate() names it
      c.bounds = gate_bounds;
      c.weight_dtype = dtype;
      c.segments = {{0, 17, 0}};
      c.ids_decide = true;
      c.gap = r.experts % 2;
      out.push_back(std::move(c));
    }
}

}  // namespace

std::vector<Case> moe_cases() {
  std::vector<Case> out;
  add_experts(out);
  add_mlp(out);
  add_swiglu(out);
  add_gate(out);
  return out;
}

}  // namespace kt::conformance
