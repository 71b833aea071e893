#include "core/conformance/bounds.h"

#include <algorithm>
#include <cmath>

#include "core/graph/attributes.h"

namespace kt::conformance {

Errors no_error(const Data& data) { return Errors(static_cast<size_t>(data.count()), 0.0); }

Data absolute(const Data& data) {
  Data out = data;
  for (int64_t i = 0; i < out.count(); ++i) out.floats()[i] = std::fabs(out.floats()[i]);
  return out;
}

Data as_data(const Errors& errors, const std::vector<int64_t>& shape) {
  Data out = Data::make(KT_F32, shape);
  for (size_t i = 0; i < errors.size(); ++i) out.floats()[i] = static_cast<float>(errors[i]);
  return out;
}

Errors product_bound(const Evaluation& e, const core::Node& primitive, const std::vector<Data>& inputs, const Errors& x_error,
                     Activations activations) {
  const Data& x = inputs[0];
  const int64_t dim = x.shape.back();
  Errors error = x_error;
  if (activations == Activations::kInt8)
    for (int64_t row = 0; row < x.count(); row += dim) {
      double greatest = 0;
      for (int64_t i = row; i < row + dim; ++i)
        greatest = std::max(greatest, std::fabs(double{x.floats()[i]}) + x_error[static_cast<size_t>(i)]);
      for (int64_t i = row; i < row + dim; ++i) error[static_cast<size_t>(i)] += greatest / 254 * 1.02;
    }
  std::vector<Data> carried = inputs, sizes = inputs;
  carried[0] = as_data(error, x.shape);
  sizes[0] = absolute(x);
  const Data from_input = e.with_absolute_weights(primitive, carried), summed = e.with_absolute_weights(primitive, sizes);
  const double rounding = kUnit * (static_cast<double>(dim) + 8) + (activations == Activations::kF32 ? 0.0 : 2 * kBf16Unit);
  Errors out;
  for (int64_t i = 0; i < summed.count(); ++i)
    out.push_back(from_input.floats()[i] * (1.01 + rounding) + summed.floats()[i] * rounding);
  return out;
}

Errors swiglu_bound(const Data& gate, const Errors& gate_error, const Data& up, const Errors& up_error) {
  Errors out;
  for (size_t i = 0; i < gate_error.size(); ++i) {
    const double g = gate.floats()[i], u = std::fabs(double{up.floats()[i]}), silu = std::fabs(g / (1 + std::exp(-g)));
    const double activation_error = 1.1 * gate_error[i] + silu * kUnit * (8 + std::fabs(g));
    out.push_back(activation_error * (u + up_error[i]) + silu * up_error[i] + 2 * kUnit * silu * u);
  }
  return out;
}

namespace {

// The most that one query's scores and values come to.
struct Extent {
  double score_error = 0, value = 0;
  int64_t seen = 0;
};

Extent extent(const Evaluation& e, const core::Node& attention, const Data& q, const Errors& q_error, int64_t token,
              int64_t head) {
  const HostState& state = *e.state();
  const KtBatch& batch = e.batch().view();
  const int64_t heads = q.shape[1], dim = q.shape[2], kv_head = head / (heads / state.spec().heads);
  const int64_t window = core::int_attribute(attention, "window").value_or(0);
  const double scale = std::fabs(*core::float_attribute(attention, "scale"));
  const int32_t position = batch.token_position[token], segment = batch.token_segment[token];
  const int32_t table_row = e.batch().segments()[static_cast<size_t>(segment)].table_row;
  Extent out;
  for (int64_t p = window > 0 ? std::max<int64_t>(0, position - window + 1) : 0; p <= position; ++p, ++out.seen) {
    const std::vector<float> key = state.key(table_row, static_cast<int32_t>(p), kv_head);
    double error = 0;
    for (int64_t i = 0; i < dim; ++i) {
      const auto at = static_cast<size_t>((token * heads + head) * dim + i);
      const double size = std::fabs(double{key[static_cast<size_t>(i)]});
      error += size * (q_error[at] + std::fabs(double{q.floats()[at]}) * kUnit * static_cast<double>(dim + 8));
    }
    out.score_error = std::max(out.score_error, error * scale);
    const std::vector<float> value = state.spec().value_dim > 0 ? state.value(table_row, static_cast<int32_t>(p), kv_head) : key;
    for (const float v : value) out.value = std::max(out.value, std::fabs(double{v}));
  }
  return out;
}

}  // namespace

Errors attention_bound(const Evaluation& e, const core::Node& attention, const Errors& q_error) {
  const Data& q = e.input_of(attention, 0);
  const Data& y = e.output_of(attention);
  Errors out;
  for (int64_t r = 0; r < q.shape[0] * q.shape[1]; ++r) {
    const Extent most = extent(e, attention, q, q_error, r / q.shape[1], r % q.shape[1]);
    const double share = std::expm1(2 * most.score_error) + kUnit * static_cast<double>(2 * most.seen + 32);
    out.insert(out.end(), static_cast<size_t>(y.shape[2]), share * most.value);
  }
  return out;
}

Bounds exact(const Evaluation& e, Activations) {
  Bounds out;
  for (size_t i = 0; i < e.node().outputs.size(); ++i) out.push_back(no_error(e.output(i)));
  return out;
}

BoundFunction relative(double units, double length) {
  return [=](const Evaluation& e, Activations) {
    const Data& y = e.output(0);
    Errors out;
    for (int64_t i = 0; i < y.count(); ++i) out.push_back(std::fabs(double{y.value(i)}) * kUnit * (units + length) + kTiny);
    return Bounds{out};
  };
}

}  // namespace kt::conformance
