// The logits of every position of a text: for `kt logits`, perplexity and comparisons.
#pragma once

#include <functional>
#include <span>

#include "core/base/status.h"
#include "core/serve/runtime.h"

namespace kt::core {

using OnLogits = std::function<void(size_t position, std::span<const float> logits)>;

// Runs `ids` as one new sequence in chunks and gives the logits after each position, in order.
Status for_each_logits(Runtime& runtime, std::span<const int32_t> ids, const OnLogits& on_logits);

struct Perplexity {
  double perplexity = 0;
  size_t tokens = 0;  // scored
};

// exp of the mean negative log likelihood. The text's tokens are cut into windows of `window` tokens, each begun with
// `bos` (if >= 0); in a window every token but its first is scored.
Result<Perplexity> perplexity(Runtime& runtime, std::span<const int32_t> ids, int32_t bos, size_t window,
                              const std::function<void(double)>& progress);

}  // namespace kt::core
