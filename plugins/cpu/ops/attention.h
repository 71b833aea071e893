// Attention over paged keys and values, or over a latent whose first dims are the values.
#pragma once

#include "plugins/cpu/ops/paged_attention.h"

namespace kt::cpu {

struct Attention {
  static constexpr const char* kNumerics = "invariant.f32";
  static constexpr const char* kHelp = "Grouped-query or latent attention over pages in f32, f16, bf16, q8_0 or q4_0; exact in float32";
  static constexpr Option kOptions[] = {kCacheOption};
  static Support supports(const Node& node);
  Status create(const Node& node);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(Call& call, In in, Out out);

 private:
  Status store(Call& call, In in) const;

  PagedAttention attention_;
};

}  // namespace kt::cpu
