// DRY: a penalty on tokens that would continue a repeat of what came before.
// Source of the method: p-e-w, "DRY: A modern repetition penalty" (text-generation-webui, 2024).
#pragma once

#include <cstdint>
#include <span>

namespace kt::core {

struct DryOptions {
  double multiplier = 0;
  double base = 1.75;
  int32_t allowed_length = 2;
  std::span<const int32_t> breakers;  // sorted; repeats do not reach across these tokens
};

// Lowers the logits of the tokens that followed earlier occurrences of the end of `history`. Time linear in its length.
void apply_dry(const DryOptions& options, std::span<const int32_t> history, std::span<float> logits);

}  // namespace kt::core
