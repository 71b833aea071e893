// Products with weights of any type: Linear, HeadLinear, ExpertLinear.
#pragma once

#include "plugins/ref/kernels/dot.h"
#include "plugins/ref/kernels/weight_rows.h"
#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// y [..., out] = x [..., in] weight^T + bias
struct Linear {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "x times the transposed weight, summed in float64";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_F32), known_weights(node)); }

  Status prepare(const Weights& weights) {
    weight_ = WeightRows(weights.get("weight"));
    if (weights.find("bias") != nullptr) bias_ = weights.row("bias");
    return {};
  }
  uint64_t scratch_size(int64_t, int32_t threads) const {
    return static_cast<uint64_t>(threads * weight_.columns()) * sizeof(float);
  }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(weight_.rows(), 16, [&](int64_t begin, int64_t end, int32_t thread) {
      float* row = call.scratch<float>() + thread * weight_.columns();
      for (int64_t o = begin; o < end; ++o) {
        weight_.row(0, o, row);
        const double bias = bias_.empty() ? 0.0 : double{bias_[static_cast<size_t>(o)]};
        for (int64_t t = 0; t < x.count(); ++t) y[t][o] = static_cast<float>(dot(x[t], row, weight_.columns()) + bias);
      }
    });
  }

 private:
  WeightRows weight_;
  std::span<const float> bias_;
};

// y [T, heads, out]: one matrix a head, stored [heads, out, in] or transposed [heads, in, out].
struct HeadLinear {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "one matrix a head, summed in float64";
  static Support supports(const Node& node) { return both(needs_input(node, 0, KT_F32), known_weights(node)); }

  Status create(const Node& node) {
    transposed_ = node.int_or("transposed", 0) != 0;
    return {};
  }
  Status prepare(const Weights& weights) {
    weight_ = WeightRows(weights.get("weight"));
    return {};
  }
  uint64_t scratch_size(int64_t, int32_t threads) const { return static_cast<uint64_t>(threads) * thread_bytes(); }

  Status run(Call& call, In in, Out out) { return transposed_ ? run_transposed(call, in, out) : run_plain(call, in, out); }

 private:
  // A row of sums, behind it a row of weights.
  uint64_t thread_bytes() const {
    return (static_cast<uint64_t>(weight_.columns()) * (sizeof(double) + sizeof(float)) + 63) & ~uint64_t{63};
  }
  double* sums(Call& call, int32_t thread) const { return call.scratch<double>(static_cast<uint64_t>(thread) * thread_bytes()); }

  Status run_plain(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();  // [T * heads, in]
    const auto y = out[0].rows<float>();
    const int64_t heads = weight_.matrices();
    return call.parallel_for(heads * weight_.rows(), 16, [&](int64_t begin, int64_t end, int32_t thread) {
      auto* row = reinterpret_cast<float*>(sums(call, thread));
      for (int64_t item = begin; item < end; ++item) {
        const int64_t head = item / weight_.rows(), o = item % weight_.rows();
        weight_.row(head, o, row);
        for (int64_t r = head; r < x.count(); r += heads) y[r][o] = static_cast<float>(dot(x[r], row, weight_.columns()));
      }
    });
  }

  Status run_transposed(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    const int64_t columns = weight_.columns();
    return call.parallel_for(x.count(), 1, [&](int64_t begin, int64_t end, int32_t thread) {
      double* sum = sums(call, thread);
      auto* row = reinterpret_cast<float*>(sum + columns);
      for (int64_t r = begin; r < end; ++r) {
        std::fill_n(sum, columns, 0.0);
        for (int64_t i = 0; i < weight_.rows(); ++i) {
          weight_.row(r % weight_.matrices(), i, row);
          add_scaled(sum, double{x[r][i]}, row, columns);
        }
        round_to_float(sum, y[r], columns);
      }
    });
  }

  WeightRows weight_;
  bool transposed_ = false;
};

// y [T, k, out]: slot (t, s) uses the matrix ids[t, s]; x is [T, in] or [T, k, in].
struct ExpertLinear {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "the matrix of each chosen expert, summed in float64";
  static Support supports(const Node& node) {
    return both(both(needs_input(node, 0, KT_F32), needs_input(node, 1, KT_I32)), known_weights(node));
  }

  Status prepare(const Weights& weights) {
    weight_ = WeightRows(weights.get("weight"));
    return {};
  }
  uint64_t scratch_size(int64_t, int32_t threads) const {
    return static_cast<uint64_t>(threads * weight_.columns()) * sizeof(float);
  }

  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto ids = in[1].rows<int32_t>();
    const auto y = out[0].rows<float>();  // [T * k, out]
    const int64_t used = ids.dim();
    for (int64_t t = 0; t < ids.count(); ++t)
      for (int64_t s = 0; s < used; ++s) check_index(ids[t][s], weight_.matrices(), "expert");
    const int64_t slots_a_row = in[0].rank() == 3 ? 1 : used;
    return call.parallel_for(weight_.matrices() * weight_.rows(), 16, [&](int64_t begin, int64_t end, int32_t thread) {
      float* row = call.scratch<float>() + thread * weight_.columns();
      for (int64_t item = begin; item < end; ++item) {
        const int64_t expert = item / weight_.rows(), o = item % weight_.rows();
        bool loaded = false;
        for (int64_t slot = 0; slot < ids.count() * used; ++slot) {
          if (ids[slot / used][slot % used] != expert) continue;
          if (!loaded) weight_.row(expert, o, row);
          loaded = true;
          y[slot][o] = static_cast<float>(dot(x[slot / slots_a_row], row, weight_.columns()));
        }
      }
    });
  }

 private:
  WeightRows weight_;
};

}  // namespace kt::ref
