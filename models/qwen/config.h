// The hyper-parameters of a Qwen model.
#pragma once

#include <vector>

#include "kt/model.hpp"

namespace qwen {

struct QwenConfig {
  kt::DecoderShape decoder;
  kt::AttentionShape attention;
  std::vector<int64_t> windows;  // [layers], 0: unlimited
  std::vector<bool> sparse;      // [layers], whether the feed-forward part is a mixture
  int64_t inner = 0;             // of a dense layer
  kt::RoutingShape routing;
  int64_t expert_inner = 0;
  int64_t shared_inner = 0;  // 0: no shared expert
};

QwenConfig read_config(kt::Config& c);

}  // namespace qwen
