// Rotary position embedding of the heads of every token.
#pragma once

#include <vector>

#include "plugins/cpu/ops/rows_operator.h"

namespace kt::cpu {

struct Rope {
  static constexpr const char* kNumerics = "invariant.f32";
  static constexpr const char* kHelp = "Rotary position embedding";
  static Support supports(const Node& node);
  Status create(const Node& node);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(Call& call, In in, Out out);

 private:
  std::vector<float> inv_freq_;
  bool interleaved_ = false;
  float scale_ = 1;
};

}  // namespace kt::cpu
