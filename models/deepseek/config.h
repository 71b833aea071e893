// The hyper-parameters of a DeepSeek model.
#pragma once

#include "kt/model.hpp"

namespace deepseek {

// Multi-head latent attention: keys and values of all heads are made from one latent of `rank` numbers.
struct LatentShape {
  int64_t heads = 0;
  int64_t query_rank = 0;  // 0: queries are projected directly
  int64_t rank = 0;
  int64_t nope = 0, rope = 0, value = 0;  // dims of a head: key without position, with position, value
  bool bias = false;
  double scale = 0;  // on the scores
  kt::RopeFrequencies frequencies;
  bool interleaved = true;
};

struct DeepseekConfig {
  kt::DecoderShape decoder;
  LatentShape attention;
  int64_t inner = 0;         // of a dense layer
  kt::RoutingShape routing;  // no experts: all layers are dense
  int64_t expert_inner = 0;
  int64_t shared_inner = 0;  // 0: no shared experts
  int64_t first_sparse = 0, sparse_step = 1;

  bool sparse(int64_t layer) const { return routing.experts > 0 && layer >= first_sparse && layer % sparse_step == 0; }
};

DeepseekConfig read_config(kt::Config& c);

}  // namespace deepseek
