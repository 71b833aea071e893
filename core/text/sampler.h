// Chooses the next token from logits.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/text/random.h"
#include "core/text/tokenizer.h"

namespace kt::core {

// The steps run in this order, that of llama.cpp: logit bias, repeat/frequency/presence penalties, DRY, top-k, typical, top-p,
// min-p, temperature, draw. The filters see probabilities at temperature 1.
struct SamplingParams {
  float temperature = 0.8f;    // 0: the most likely token, the lowest id among equals
  int32_t top_k = 40;          // 0: all
  float top_p = 0.95f;         // 1: all
  float min_p = 0.05f;         // 0: all
  float typical_p = 1.0f;      // 1: all
  int32_t repeat_last_n = 64;  // tokens that the three penalties look back; 0: off, -1: all
  float repeat_penalty = 1.0f;
  float frequency_penalty = 0.0f;
  float presence_penalty = 0.0f;
  float dry_multiplier = 0.0f;  // 0: off
  float dry_base = 1.75f;
  int32_t dry_allowed_length = 2;
  int32_t dry_last_n = -1;            // tokens that DRY looks back; 0: off, -1: all
  std::vector<int32_t> dry_breakers;  // repeats do not reach across these tokens, see dry_breakers()
  std::vector<std::pair<int32_t, float>> logit_bias;
  std::optional<uint64_t> seed;  // unset: a new one each time

  // KT-E0102 that names the flag.
  Status validate() const;
};

class Sampler {
 public:
  explicit Sampler(SamplingParams params);

  // A token of the prompt or the answer: the penalties look at it.
  void accept(int32_t id);
  // The next token. KT-E0010 if a logit is NaN or infinite, or none is left; the caller decides whether to accept() the token.
  Result<int32_t> sample(std::span<const float> logits);

 private:
  SamplingParams params_;
  Random random_;
  std::vector<int32_t> history_;
  std::vector<float> adjusted_;  // logits after bias and penalties
};

// The tokens whose text contains a character that ends a repeat: newline, colon, double quote, asterisk.
std::vector<int32_t> dry_breakers(const Tokenizer& tokenizer);

}  // namespace kt::core
