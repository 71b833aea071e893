// Operators with one mistake each, which the conformance cases must find.
#include "kt/plugin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "plugins/ref/kernels/dot.h"
#include "plugins/ref/kernels/weight_rows.h"
#include "plugins/ref/ops/attention.h"
#include "plugins/ref/ops/elementwise.h"
#include "plugins/ref/ops/linear.h"
#include "plugins/ref/ops/norms.h"
#include "plugins/ref/ops/routing.h"

namespace {

namespace ref = kt::ref;
using kt::Call;
using kt::In;
using kt::Out;
using kt::Status;

// A product whose inner function a mutant replaces.
struct Product {
  static constexpr const char* kNumerics = "invariant.mutant";

  Status prepare(const kt::Weights& weights) {
    weight = ref::WeightRows(weights.get("weight"));
    if (weights.find("bias") != nullptr) bias = weights.row("bias");
    return {};
  }
  uint64_t scratch_size(int64_t, int32_t threads) const {
    return static_cast<uint64_t>(threads * weight.columns()) * sizeof(float);
  }

  // f(call, x, row, n) -> the sum
  template <class F>
  Status each(Call& call, In in, Out out, F&& f) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(weight.rows(), 1, [&](int64_t begin, int64_t end, int32_t thread) {
      float* row = call.scratch<float>() + thread * weight.columns();
      for (int64_t o = begin; o < end; ++o) {
        weight.row(0, o, row);
        for (int64_t t = 0; t < x.count(); ++t)
          y[t][o] = static_cast<float>(f(x[t], row, weight.columns()) + (bias.empty() ? 0.0f : bias[static_cast<size_t>(o)]));
      }
    });
  }

  ref::WeightRows weight;
  std::span<const float> bias;
};

struct MissedTail : Product {
  Status run(Call& call, In in, Out out) {
    return each(call, in, out,
                [](const float* x, const float* row, int64_t n) { return ref::dot(x, row, n < 4 ? n : n / 4 * 4); });
  }
};

struct ThreadsInSum : Product {  // the sum is split by the number of threads
  Status run(Call& call, In in, Out out) {
    return each(call, in, out, [&](const float* x, const float* row, int64_t n) {
      const int64_t part = (n + call.threads() - 1) / call.threads();
      float sum = 0;
      for (int64_t i = 0; i < n; i += part) {
        float one = 0;
        for (int64_t j = i; j < std::min(n, i + part); ++j) one += x[j] * row[j];
        sum += one;
      }
      return sum;
    });
  }
};

struct BatchInSum : Product {  // one row goes another way than several
  Status run(Call& call, In in, Out out) {
    return each(call, in, out, [&](const float* x, const float* row, int64_t n) {
      if (call.batch().token_count > 1) return ref::dot(x, row, n);
      float sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += x[i] * row[i];
      return double{sum};
    });
  }
};

struct RoundedInput : Product {  // bfloat16 where float32 is due
  Status run(Call& call, In in, Out out) {
    return each(call, in, out, [](const float* x, const float* row, int64_t n) {
      double sum = 0;
      for (int64_t i = 0; i < n; ++i) sum += double{kt::format::f32_from_bf16(kt::format::bf16_from_f32(x[i]))} * row[i];
      return sum;
    });
  }
};

struct NoBias : Product {
  Status run(Call& call, In in, Out out) {
    bias = {};
    return each(call, in, out, ref::dot);
  }
};

struct SmallScratch : ref::Linear {
  uint64_t scratch_size(int64_t tokens, int32_t threads) const {
    return ref::Linear::scratch_size(tokens, threads) - sizeof(float);
  }
};

struct WrongEps : ref::RmsNorm {  // forgets the eps
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      const double scale = 1.0 / std::sqrt(ref::dot(x[t], x[t], x.dim()) / static_cast<double>(x.dim()));
      for (int64_t i = 0; i < x.dim(); ++i) y[t][i] = static_cast<float>(x[t][i] * scale * weight[static_cast<size_t>(i)]);
    });
  }
  Status prepare(const kt::Weights& weights) {
    weight = weights.row("weight");
    return {};
  }
  std::span<const float> weight;
};

struct IgnoredStride {
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    const float* x = in[0].data<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(y.count(), [&](int64_t t) {
      for (int64_t i = 0; i < y.dim(); ++i) y[t][i] = static_cast<float>(ref::silu(x[t * y.dim() + i]));
    });
  }
};

struct BeyondTheRow {  // whole vectors of eight are written
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(y.count(), [&](int64_t t) {
      for (int64_t i = 0; i < y.dim(); ++i) y[t][i] = x[t][i] < 0 ? 0.0f : x[t][i];
      if (t + 1 == y.count() && y.dim() % 8 == 7) y[t][y.dim()] = 0.0f;
    });
  }
};

struct InPlace {  // the input is used as memory
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(y.count(), [&](int64_t t) {
      for (int64_t i = 0; i < y.dim(); ++i) {
        const_cast<float*>(x[t])[i] = static_cast<float>(std::tanh(double{x[t][i]}));
        y[t][i] = x[t][i];
      }
    });
  }
};

struct MaskedNan {  // a maximum that drops NaN
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    return ref::map_elements(call, in, out, [](double x) { return ref::sigmoid(std::fmax(x, -1e30)); });
  }
};

struct LastRowLeft {
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(y.count() > 1 ? y.count() - 1 : 1, [&](int64_t t) {
      for (int64_t i = 0; i < y.dim(); ++i) y[t][i] = static_cast<float>(std::exp(double{x[t][i]}));
    });
  }
};

struct StaleScratch {  // sums start with what the scratch holds
  static constexpr const char* kNumerics = "invariant.mutant";
  uint64_t scratch_size(int64_t tokens, int32_t) const { return static_cast<uint64_t>(tokens) * sizeof(float); }
  Status run(Call& call, In in, Out out) {
    const auto h = in[0].rows<float>(), w = in[1].rows<float>();
    const auto y = out[0].rows<float>();
    return call.parallel_for(y.count(), [&](int64_t t) {
      float* sum = call.scratch<float>() + t;
      for (int64_t i = 0; i < y.dim(); ++i) {
        if (i > 0) *sum = 0;
        for (int64_t s = 0; s < w.dim(); ++s) *sum += w[t][s] * h[t * w.dim() + s][i];
        y[t][i] = *sum;
      }
    });
  }
};

struct TiesByHighIndex {
  static constexpr const char* kNumerics = "invariant.mutant";
  Status run(Call& call, In in, Out out) {
    const auto x = in[0].rows<float>();
    const auto ids = out[0].rows<int32_t>();
    const auto values = out[1].rows<float>();
    return call.parallel_for(x.count(), [&](int64_t t) {
      for (int64_t s = 0; s < ids.dim(); ++s) {
        int32_t best = -1;
        for (int32_t i = 0; i < x.dim(); ++i)
          if (std::find(ids[t], ids[t] + s, i) == ids[t] + s && (best < 0 || x[t][i] >= x[t][best])) best = i;
        ids[t][s] = best;
        values[t][s] = x[t][best];
      }
    });
  }
};

// Positions of a batch as a mutant would have them.
struct OtherPositions {
  std::array<int32_t, 1024> positions{};
  KtBatch batch;
  KtCall raw;

  explicit OtherPositions(const Call& call) : batch(call.batch()), raw(call.raw()) {
    batch.token_position = positions.data();
    raw.batch = &batch;
  }
};

struct NotCausal : ref::Attention {  // every row sees to the end of its segment
  Status run(Call& call, In in, Out out) {
    const Status status = ref::Attention::run(call, in, out);
    if (!status.ok()) return status;
    OtherPositions other(call);
    for (int32_t t = 0; t < other.batch.token_count; ++t) {
      const int32_t s = other.batch.token_segment[t];
      other.positions[static_cast<size_t>(t)] = other.batch.first_position[s] + other.batch.segment_count_of[s] - 1;
    }
    Call again(call.host(), other.raw);
    return ref::Attention::run(again, in, out);
  }
};

struct FromZero : ref::Attention {  // positions count from the first row of a batch: the past is forgotten
  Status run(Call& call, In in, Out out) {
    const KtBatch& batch = call.batch();
    if (batch.segment_count != 1 || batch.token_count > call.state()->page_size || call.state()->block_table[0] < 0)
      return ref::Attention::run(call, in, out);
    OtherPositions other(call);
    std::iota(other.positions.begin(), other.positions.end(), 0);
    Call from_zero(call.host(), other.raw);
    return ref::Attention::run(from_zero, in, out);
  }
};

struct SlotLeftOut : ref::ExpertLinear {  // the third token's first slot
  Status run(Call& call, In in, Out out) {
    const Status status = ref::ExpertLinear::run(call, in, out);
    const auto y = out[0].rows<float>();
    if (y.count() > 4) std::fill_n(y[4], y.dim(), 0.0f);
    return status;
  }
};

}  // namespace

KT_PLUGIN("mutant", "1", "operators with one mistake each", kt::op<MissedTail>("mutant.missed_tail", "Linear"),
          kt::op<ThreadsInSum>("mutant.threads_in_sum", "Linear"), kt::op<BatchInSum>("mutant.batch_in_sum", "Linear"),
          kt::op<RoundedInput>("mutant.rounded_input", "Linear"), kt::op<NoBias>("mutant.no_bias", "Linear"),
          kt::op<SmallScratch>("mutant.small_scratch", "Linear"), kt::op<WrongEps>("mutant.wrong_eps", "RmsNorm"),
          kt::op<IgnoredStride>("mutant.ignored_stride", "Silu"), kt::op<BeyondTheRow>("mutant.beyond_the_row", "Relu"),
          kt::op<InPlace>("mutant.in_place", "Tanh"), kt::op<MaskedNan>("mutant.masked_nan", "Sigmoid"),
          kt::op<LastRowLeft>("mutant.last_row_left", "Exp"), kt::op<StaleScratch>("mutant.stale_scratch", "WeightedSum"),
          kt::op<TiesByHighIndex>("mutant.ties_by_high_index", "TopK"), kt::op<NotCausal>("mutant.not_causal", "Attention"),
          kt::op<FromZero>("mutant.from_zero", "Attention"), kt::op<SlotLeftOut>("mutant.slot_left_out", "ExpertLinear"))
