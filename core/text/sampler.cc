#include "core/text/sampler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <unordered_map>

#include "core/text/candidates.h"
#include "core/text/dry.h"

namespace kt::core {
namespace {

constexpr int kBadLogits = 10;

uint64_t fresh_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

Status in_range(const char* flag, double value, double low, double high) {
  if (value >= low && value <= high) return {};  // false for NaN
  char text[160];
  std::snprintf(text, sizeof text, "%s is %g, it must lie in [%g, %g]", flag, value, low, high);
  return fail(102, text);
}

// The last `count` tokens (-1: all).
std::span<const int32_t> last(const std::vector<int32_t>& history, int32_t count) {
  const std::span<const int32_t> all(history);
  return count < 0 || static_cast<size_t>(count) >= all.size() ? all : all.last(static_cast<size_t>(count));
}

void apply_penalties(const SamplingParams& params, std::span<const int32_t> history, std::span<float> logits) {
  std::unordered_map<int32_t, int> counts;
  for (const int32_t id : history)
    if (id >= 0 && static_cast<size_t>(id) < logits.size()) ++counts[id];
  for (const auto& [id, count] : counts) {
    float& logit = logits[static_cast<size_t>(id)];
    logit = logit > 0 ? logit / params.repeat_penalty : logit * params.repeat_penalty;
    logit -= static_cast<float>(count) * params.frequency_penalty + params.presence_penalty;
  }
}

Status check(std::span<const float> logits) {
  bool has_finite = false;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i]) || logits[i] == std::numeric_limits<float>::infinity())
      return fail(kBadLogits, "the model's logit of token " + std::to_string(i) + " is not a number",
                  "the weights are damaged or an operator computes wrongly; try --rules base/ref.yaml");
    has_finite |= std::isfinite(logits[i]);
  }
  if (has_finite) return {};
  return fail(kBadLogits, "no token can be chosen: all logits are minus infinity", "lower the penalties or remove --logit-bias");
}

int32_t argmax(std::span<const float> logits) {
  return static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

Status SamplingParams::validate() const {
  constexpr double kAny = 1e6;
  KT_TRY(in_range("--temp", temperature, 0, 100));
  KT_TRY(in_range("--top-k", top_k, 0, std::numeric_limits<int32_t>::max()));
  KT_TRY(in_range("--top-p", top_p, 0, 1));
  KT_TRY(in_range("--min-p", min_p, 0, 1));
  KT_TRY(in_range("--typical", typical_p, 0, 1));
  KT_TRY(in_range("--repeat-last-n", repeat_last_n, -1, std::numeric_limits<int32_t>::max()));
  KT_TRY(in_range("--repeat-penalty", repeat_penalty, 1e-3, 1e3));
  KT_TRY(in_range("--frequency-penalty", frequency_penalty, -kAny, kAny));
  KT_TRY(in_range("--presence-penalty", presence_penalty, -kAny, kAny));
  KT_TRY(in_range("--dry-multiplier", dry_multiplier, 0, kAny));
  KT_TRY(in_range("--dry-base", dry_base, 1, 100));
  KT_TRY(in_range("--dry-allowed-length", dry_allowed_length, 0, std::numeric_limits<int32_t>::max()));
  for (const auto& [id, value] : logit_bias)
    if (id < 0 || std::isnan(value) || value == std::numeric_limits<float>::infinity())
      return fail(102, "--logit-bias: token " + std::to_string(id) + " or its value is out of range");
  return {};
}

Sampler::Sampler(SamplingParams params) : params_(std::move(params)), random_(params_.seed ? *params_.seed : fresh_seed()) {
  std::sort(params_.dry_breakers.begin(), params_.dry_breakers.end());
}

void Sampler::accept(int32_t id) { history_.push_back(id); }

Result<int32_t> Sampler::sample(std::span<const float> logits) {
  KT_TRY(check(logits));
  adjusted_.assign(logits.begin(), logits.end());
  for (const auto& [id, value] : params_.logit_bias) {
    if (static_cast<size_t>(id) >= adjusted_.size())
      return fail(102, "--logit-bias: there is no token " + std::to_string(id),
                  "the model has " + std::to_string(adjusted_.size()) + " tokens");
    adjusted_[static_cast<size_t>(id)] += value;
  }
  const bool has_penalties = params_.repeat_penalty != 1 || params_.frequency_penalty != 0 || params_.presence_penalty != 0;
  if (has_penalties) apply_penalties(params_, last(history_, params_.repeat_last_n), adjusted_);
  if (params_.dry_multiplier > 0)
    apply_dry({params_.dry_multiplier, params_.dry_base, params_.dry_allowed_length, params_.dry_breakers},
              last(history_, params_.dry_last_n), adjusted_);
  KT_TRY(check(adjusted_));
  if (params_.temperature == 0) return argmax(adjusted_);
  Candidates candidates = best_candidates(adjusted_, static_cast<size_t>(params_.top_k));
  if (params_.typical_p < 1) keep_typical(&candidates, params_.typical_p);
  if (params_.top_p < 1) keep_top_p(&candidates, params_.top_p);
  if (params_.min_p > 0) keep_min_p(&candidates, params_.min_p);
  normalize(&candidates, params_.temperature);
  return draw(candidates, random_.uniform());
}

std::vector<int32_t> dry_breakers(const Tokenizer& tokenizer) {
  std::vector<int32_t> out;
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string text = tokenizer.decode(std::span(&id, 1), false);
    if (text.find_first_of("\n:\"*") != std::string::npos) out.push_back(id);
  }
  return out;
}

}  // namespace kt::core
