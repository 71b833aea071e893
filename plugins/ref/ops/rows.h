// Choosing rows: Embedding, GatherRows.
#pragma once

#include "plugins/ref/kernels/weight_rows.h"
#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// y [T, dim]: rows `ids` of a table of any type.
struct Embedding {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "rows of a table";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_I32), known_weights(node)); }

  Status prepare(const Weights& weights) {
    weight_ = WeightRows(weights.get("weight"));
    return {};
  }
  Status run(Call& call, In in, Out out) {
    const auto ids = in[0].row<int32_t>();
    const auto y = out[0].rows<float>();
    for (const int32_t id : ids) check_index(id, weight_.rows(), "token");
    return call.parallel_for(y.count(), [&](int64_t t) { weight_.row(0, ids[static_cast<size_t>(t)], y[t]); });
  }

 private:
  WeightRows weight_;
};

// y [O, dim]: rows of x.
struct GatherRows {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "chosen rows";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_F32), needs_input(node, 1, KT_I32)); }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto rows = in[1].row<int32_t>();
    const auto y = out[0].rows<float>();
    for (const int32_t row : rows) check_index(row, x.count(), "row");
    return call.parallel_for(y.count(), [&](int64_t o) { std::copy_n(x[rows[static_cast<size_t>(o)]], x.dim(), y[o]); });
  }
};

}  // namespace kt::ref
