// Operators whose output rows depend on the input rows of the same number only.
#pragma once

#include "plugins/cpu/kernels/rows.h"
#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {

Status run_unary(Unary function, Call& call, In in, Out out);
Status run_binary(Binary function, Call& call, In in, Out out);

struct RowsOperator {
  static constexpr const char* kNumerics = "invariant.f32";
  static Support supports(const Node& node) { return float_rows(node); }
};

template <Unary Function>
struct UnaryOperator : RowsOperator {
  static constexpr const char* kHelp = "A function of every element, vectorised";
  Status run(Call& call, In in, Out out) { return run_unary(Function, call, in, out); }
};

template <Binary Function>
struct BinaryOperator : RowsOperator {
  static constexpr const char* kHelp = "Two tensors, element by element; the second may have one column";
  Status run(Call& call, In in, Out out) { return run_binary(Function, call, in, out); }
};

struct Gelu : RowsOperator {
  static constexpr const char* kHelp = "GELU, exact or by tanh";
  Status create(const Node& node);
  Status run(Call& call, In in, Out out) { return run_unary(function_, call, in, out); }

 private:
  Unary function_ = Unary::kGelu;
};

struct SwiGlu : RowsOperator {
  static constexpr const char* kHelp = "silu(gate) * up in one pass";
  Status run(Call& call, In in, Out out);
};

struct AddBias : RowsOperator {
  static constexpr const char* kHelp = "Adds a vector to every row";
  Status prepare(const Weights& weights);
  Status run(Call& call, In in, Out out);

 private:
  std::span<const float> bias_;
};

struct Scale : RowsOperator {
  static constexpr const char* kHelp = "Every element times a constant";
  Status create(const Node& node) { return node.read("factor", factor_); }
  Status run(Call& call, In in, Out out);

 private:
  float factor_ = 1;
};

struct Clamp : RowsOperator {
  static constexpr const char* kHelp = "Every element brought into a range";
  Status create(const Node& node);
  Status run(Call& call, In in, Out out);

 private:
  float minimum_ = 0, maximum_ = 0;
};

struct RmsNorm : RowsOperator {
  static constexpr const char* kHelp = "Rows divided by their root mean square, times a vector";
  Status create(const Node& node) { return node.read("eps", eps_); }
  Status prepare(const Weights& weights);
  Status run(Call& call, In in, Out out);

 private:
  float eps_ = 0;
  std::span<const float> weight_;
};

struct Softmax : RowsOperator {
  static constexpr const char* kHelp = "Softmax of every row";
  Status run(Call& call, In in, Out out);
};

struct NormalizeSum : RowsOperator {
  static constexpr const char* kHelp = "Rows divided by their sum";
  Status create(const Node& node) { return node.read("eps", eps_); }
  Status run(Call& call, In in, Out out);

 private:
  float eps_ = 0;
};

struct WeightedSum : RowsOperator {
  static constexpr const char* kHelp = "Weighted sum over the slots of every token, in ascending order";
  Status run(Call& call, In in, Out out);
};

struct Concat : RowsOperator {
  static constexpr const char* kHelp = "Rows of two tensors side by side";
  Status run(Call& call, In in, Out out);
};

}  // namespace kt::cpu
