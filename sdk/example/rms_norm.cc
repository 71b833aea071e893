// A whole plugin of one operator, in C++.
#include <cmath>
#include <kt/plugin.hpp>
#include <span>

namespace {

// y = x / sqrt(mean(x^2) + eps) * weight, for every row.
struct RmsNorm {
  static constexpr const char* kHelp = "root mean square normalisation";
  static constexpr const char* kNumerics = "invariant.example";

  static kt::Support supports(const kt::Node& node) {
    if (!node.inputs_are(KT_F32)) return kt::no("inputs are not f32");
    return kt::yes(10);
  }
  kt::Status create(const kt::Node& node) { return node.read("eps", eps); }
  kt::Status prepare(const kt::Weights& weights) {
    weight = weights.row("weight");  // [dim]
    return {};
  }
  kt::Status run(kt::Call& call, kt::In in, kt::Out out) {
    const auto x = in[0].rows<float>();   // [rows, dim]
    const auto y = out[0].rows<float>();  // [rows, dim]
    return call.parallel_for(x.count(), [&](int64_t row) {
      float sum = 0;
      for (const float v : x.row(row)) sum += v * v;
      const float scale = 1.0f / std::sqrt(sum / static_cast<float>(x.dim()) + eps);
      for (int64_t i = 0; i < x.dim(); ++i) y[row][i] = x[row][i] * scale * weight[i];
    });
  }

  float eps = 1e-6f;
  std::span<const float> weight;
};

}  // namespace

KT_PLUGIN("example", "1.0.0", "an example of a plugin in C++", kt::op<RmsNorm>("example.rms_norm", "RmsNorm"))
