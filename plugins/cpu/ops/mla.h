// Multi-head latent attention in its absorbed form: queries go into the latent space by w_uk, attend there to one row a position,
// and what they gather comes back by w_uv (DeepSeek-V2, arXiv:2405.04434, section 2.1).
#pragma once

#include "plugins/cpu/ops/head_weights.h"
#include "plugins/cpu/ops/matrix.h"
#include "plugins/cpu/ops/paged_attention.h"

namespace kt::cpu {

struct MlaCore {
  static constexpr const char* kNumerics = "invariant.cpu.mla";
  static constexpr const char* kHelp =
      "Absorbed latent attention; exact in float32 but for the product with w_uv, as activations says";
  static constexpr Option kOptions[] = {kActivationsOption, kCacheOption};
  static Support supports(const Node& node);
  Status create(const Node& node, const Options& options);
  Status prepare(const Weights& weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(Call& call, In in, Out out);

 private:
  struct Part;
  Part part_at(unsigned char* scratch, int64_t tokens, int32_t threads) const;
  Status store(Call& call, In in) const;
  Status absorb(Call& call, In in, const Part& part) const;
  Status expand(Call& call, Out out, const Part& part) const;
  uint64_t thread_bytes() const;

  PagedAttention attention_;
  int64_t nope_ = 0, rope_ = 0, rank_ = 0, value_ = 0;
  Arithmetic arithmetic_ = Arithmetic::kAuto;
  HeadWeights w_uk_;
  Matrix w_uv_;
};

}  // namespace kt::cpu
