// How far rounding may carry a result: bounds derived from the type of the arithmetic, the length of sums and the size of what is
// summed.
#pragma once

#include "core/conformance/evaluation.h"

namespace kt::conformance {

inline constexpr double kUnit = 0x1p-24;  // half a unit in the last place of float32
inline constexpr double kBf16Unit = 0x1p-9;
inline constexpr double kTiny = 1e-37;  // below it results may be flushed to zero

using Errors = std::vector<double>;  // by element

Errors no_error(const Data& data);
Data absolute(const Data& data);
Data as_data(const Errors& errors, const std::vector<int64_t>& shape);

// A product of Linear, HeadLinear or ExpertLinear whose first input x is off by `x_error`, and is rounded as `activations` says:
// a sum of n products in float32 is off by at most n units of the sum of their sizes; bfloat16 rounds x and the weights; an int8
// with a scale for (a part of) a row is off by at most half a step, the row's greatest size / 254.
Errors product_bound(const Evaluation& e, const core::Node& primitive, const std::vector<Data>& inputs, const Errors& x_error,
                     Activations activations);

// silu(gate) * up, where both are off. The slope of silu is at most 1.1.
Errors swiglu_bound(const Data& gate, const Errors& gate_error, const Data& up, const Errors& up_error);

// Attention whose queries [T, heads, dk] are off by `q_error`: a score is off by the sum's rounding and by q_error . |k|; a shift
// of all scores by up to d changes each share of softmax by at most a factor exp(2 d).
Errors attention_bound(const Evaluation& e, const core::Node& attention, const Errors& q_error);

// bounds that say: results must be equal.
Bounds exact(const Evaluation& e, Activations activations);
// |y| times (units + a unit for each of `length` summands).
BoundFunction relative(double units, double length = 0);

}  // namespace kt::conformance
