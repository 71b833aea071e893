#include "plugins/cpu/ops/rope.h"

#include "plugins/cpu/kernels/rope.h"

namespace kt::cpu {

Support Rope::supports(const Node& node) {
  if (node.input(0).dtype != KT_F32) return no("the input is not float32");
  return node.input(1).dtype == KT_I32 ? yes(kScore) : no("the positions are not int32");
}

Status Rope::create(const Node& node) {
  interleaved_ = node.int_or("interleaved", 0) != 0;
  scale_ = static_cast<float>(node.float_or("scale", 1.0));
  if (const Status status = node.read("inv_freq", inv_freq_); !status.ok()) return status;
  if (2 * static_cast<int64_t>(inv_freq_.size()) > node.input_width(0))
    return invalid("inv_freq has " + std::to_string(inv_freq_.size()) + " pairs, heads have " +
                   std::to_string(node.input_width(0)) + " dims");
  return {};
}

uint64_t Rope::scratch_size(int64_t, int32_t threads) const {
  return static_cast<uint64_t>(threads) * 2 * aligned_bytes<float>(static_cast<int64_t>(inv_freq_.size()));
}

Status Rope::run(Call& call, In in, Out out) {
  const auto x = in[0].rows<float>();
  const auto y = out[0].rows<float>();
  const int32_t* positions = in[1].data<int32_t>();
  const int64_t position_stride = in[1].stride(0), heads = in[0].dim(1), pairs = static_cast<int64_t>(inv_freq_.size());
  const uint64_t room = aligned_bytes<float>(pairs);
  return for_rows(call, in[0].dim(0), heads * x.dim() + 16 * pairs, [&](int64_t token, int32_t thread) {
    float* cosine = call.scratch<float>(static_cast<uint64_t>(thread) * 2 * room);
    float* sine = call.scratch<float>(static_cast<uint64_t>(thread) * 2 * room + room);
    rope_angles(positions[token * position_stride], inv_freq_.data(), pairs, scale_, cosine, sine);
    for (int64_t row = token * heads; row < (token + 1) * heads; ++row)
      rope_row(x[row], cosine, sine, pairs, interleaved_, x.dim(), y[row]);
  });
}

}  // namespace kt::cpu
