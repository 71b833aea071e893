// Everything a plugin includes: a class becomes an operator, KT_PLUGIN makes a library of operators.
//
//   struct RmsNorm {
//     static kt::Support supports(const kt::Node& node) { return node.inputs_are(KT_F32) ? kt::yes(10) : kt::no("inputs are not
//     f32"); } kt::Status create(const kt::Node& node) { return node.read("eps", eps); } kt::Status prepare(const kt::Weights&
//     weights) { weight = weights.row("weight"); return {}; } kt::Status run(kt::Call& call, kt::In in, kt::Out out) {
//       const auto x = in[0].rows<float>();  // [tokens, dim]
//       const auto y = out[0].rows<float>();
//       return call.parallel_for(x.count(), [&](int64_t t) { ... y[t][i] = x[t][i] * scale * weight[i]; });
//     }
//     float eps = 1e-6f;
//     std::span<const float> weight;
//   };
//   KT_PLUGIN("example", "1.0.0", "one line of help", kt::op<RmsNorm>("example.rms_norm", "RmsNorm"))
#ifndef KT_PLUGIN_HPP
#define KT_PLUGIN_HPP

#include "kt/abi.h"
#include "kt/plugin_call.hpp"
#include "kt/plugin_manifest.hpp"
#include "kt/plugin_node.hpp"
#include "kt/plugin_operator.hpp"
#include "kt/plugin_status.hpp"
#include "kt/plugin_tensor.hpp"

#endif
