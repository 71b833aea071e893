#include "plugins/cpu/ops/elementwise.h"

namespace kt::cpu {
namespace {

// body(x row, out row, dim) for every row of the first input; a transcendental function weighs more than a sum.
template <class Body>
Status map_rows(Call& call, In in, Out out, int64_t weight, Body body) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  return for_rows(call, x.count(), weight * x.dim(), [&](int64_t row, int32_t) { body(x[row], y[row], x.dim()); });
}

Status read_vector(const Weights& weights, const char* parameter, std::span<const float>& out) {
  out = weights.row(parameter);
  return {};
}

Status expect_width(std::span<const float> weight, int64_t dim) {
  if (static_cast<int64_t>(weight.size()) == dim) return {};
  return invalid("the weight has " + std::to_string(weight.size()) + " elements, rows have " + std::to_string(dim));
}

}  // namespace

Status run_unary(Unary function, Call& call, In in, Out out) {
  return map_rows(call, in, out, 4, [function](const float* x, float* y, int64_t n) { unary_row(function, x, y, n); });
}

Status run_binary(Binary function, Call& call, In in, Out out) {
  const auto a = in[0].rows<float>(), b = in[1].rows<float>();
  const auto y = out[0].rows<float>();
  if (b.count() != a.count() || (b.dim() != a.dim() && b.dim() != 1)) return invalid("the shapes of the inputs differ");
  const bool column = b.dim() == 1 && a.dim() != 1;
  return for_rows(call, a.count(), a.dim(), [&](int64_t row, int32_t) {
    if (column)
      binary_row_scalar(function, a[row], *b[row], y[row], a.dim());
    else
      binary_row(function, a[row], b[row], y[row], a.dim());
  });
}

Status Gelu::create(const Node& node) {
  const std::string form = node.text_or("approximate", "none");
  if (form != "none" && form != "tanh") return invalid("approximate is '" + form + "', known are none and tanh");
  function_ = form == "tanh" ? Unary::kGeluTanh : Unary::kGelu;
  return {};
}

Status SwiGlu::run(Call& call, In in, Out out) {
  const auto up = in[1].rows<float>(), gate = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  if (up.count() != gate.count() || up.dim() != gate.dim()) return invalid("gate and up differ in shape");
  return for_rows(call, gate.count(), 4 * gate.dim(),
                  [&](int64_t row, int32_t) { swiglu_row(gate[row], up[row], y[row], gate.dim()); });
}

Status AddBias::prepare(const Weights& weights) { return read_vector(weights, "bias", bias_); }

Status AddBias::run(Call& call, In in, Out out) {
  if (const Status status = expect_width(bias_, in[0].dim(-1)); !status.ok()) return status;
  return map_rows(call, in, out, 1,
                  [this](const float* x, float* y, int64_t n) { binary_row(Binary::kAdd, x, bias_.data(), y, n); });
}

Status Scale::run(Call& call, In in, Out out) {
  return map_rows(call, in, out, 1, [this](const float* x, float* y, int64_t n) { scale_row(x, factor_, y, n); });
}

Status Clamp::create(const Node& node) {
  if (const Status status = node.read("minimum", minimum_); !status.ok()) return status;
  return node.read("maximum", maximum_);
}

Status Clamp::run(Call& call, In in, Out out) {
  return map_rows(call, in, out, 1, [this](const float* x, float* y, int64_t n) { clamp_row(x, minimum_, maximum_, y, n); });
}

Status RmsNorm::prepare(const Weights& weights) { return read_vector(weights, "weight", weight_); }

Status RmsNorm::run(Call& call, In in, Out out) {
  if (const Status status = expect_width(weight_, in[0].dim(-1)); !status.ok()) return status;
  return map_rows(call, in, out, 2, [this](const float* x, float* y, int64_t n) { rms_norm_row(x, weight_.data(), eps_, y, n); });
}

Status Softmax::run(Call& call, In in, Out out) { return map_rows(call, in, out, 6, softmax_row); }

Status NormalizeSum::run(Call& call, In in, Out out) {
  return map_rows(call, in, out, 4, [this](const float* x, float* y, int64_t n) { normalize_sum_row(x, eps_, y, n); });
}

Status WeightedSum::run(Call& call, In in, Out out) {
  const auto weights = in[1].rows<float>();
  const auto y = out[0].rows<float>();
  const float* h = in[0].data<float>();
  const int64_t slots = in[0].dim(1), dim = in[0].dim(2), token_stride = in[0].stride(0), slot_stride = in[0].stride(1);
  if (weights.dim() != slots)
    return invalid("there are " + std::to_string(weights.dim()) + " weights for " + std::to_string(slots) + " slots");
  return for_rows(call, y.count(), slots * dim, [&](int64_t row, int32_t) {
    weighted_sum_row(h + row * token_stride, slot_stride, weights[row], slots, y[row], dim);
  });
}

Status Concat::run(Call& call, In in, Out out) {
  const auto a = in[0].rows<float>(), b = in[1].rows<float>();
  const auto y = out[0].rows<float>();
  if (a.count() != b.count()) return invalid("the inputs differ in their number of rows");
  return for_rows(call, a.count(), a.dim() + b.dim(), [&](int64_t row, int32_t) {
    std::copy_n(a[row], a.dim(), y[row]);
    std::copy_n(b[row], b.dim(), y[row] + a.dim());
  });
}

}  // namespace kt::cpu
