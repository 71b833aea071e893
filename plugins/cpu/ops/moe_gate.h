// The router of a mixture: product with the router's matrix, scores, choice of experts and their weights, in one operator.
#pragma once

#include "plugins/cpu/kernels/routing.h"
#include "plugins/cpu/ops/head_weights.h"

namespace kt::cpu {

struct MoeGate {
  static constexpr const char* kNumerics = "invariant.f32";
  static constexpr const char* kHelp = "Router product in float32, softmax or sigmoid, groups, top-k and weights";
  static Support supports(const Node& node);
  Status create(const Node& node);
  Status prepare(const Weights& weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(Call& call, In in, Out out);

 private:
  void choose(float* scores, float* choice, unsigned char* room, int32_t* ids, float* weights) const;
  uint64_t choice_bytes() const;
  uint64_t thread_bytes() const;

  int64_t dim_ = 0, experts_ = 0, used_ = 0, groups_ = 1, groups_used_ = 1;
  bool sigmoid_ = false, normalize_ = false;
  float factor_ = 1, eps_ = 1e-20f;
  GroupScore group_score_ = GroupScore::kMax;
  HeadWeights router_;
  std::span<const float> bias_;
};

}  // namespace kt::cpu
