#include "core/serve/divergence.h"

#include <algorithm>
#include <cmath>

namespace kt::core {
namespace {

int32_t most_likely(std::span<const float> values) {
  return static_cast<int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

// The value below which a share of the sorted values lies, between neighbours in proportion.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Status RunLogits::begin_window(std::span<const int32_t> tokens) {
  const auto vocab = static_cast<size_t>(runtime_.executable().vocab_size());
  rows_.resize(tokens.size() * vocab);
  row_ = 0;
  return for_each_logits(runtime_, tokens, [&](size_t position, std::span<const float> logits) {
    log_softmax(logits, std::span(rows_).subspan(position * vocab, vocab));
  });
}

Result<ReferenceRow> RunLogits::next() {
  const auto vocab = static_cast<size_t>(runtime_.executable().vocab_size());
  const auto row = std::span<const float>(rows_).subspan(row_++ * vocab, vocab);
  return ReferenceRow{most_likely(row), row};
}

Status DivergenceMeter::score(size_t, std::span<const float> logits, int32_t target) {
  const ReferenceRow reference = KT_TRY(reference_.next());
  if (reference.log_probabilities.size() != logits.size())
    return fail(102,
                "--kl-base: the reference has " + std::to_string(reference.log_probabilities.size()) +
                    " tokens in its vocabulary, the model " + std::to_string(logits.size()),
                "compare models with the same tokenizer");
  log_probabilities_.resize(logits.size());
  log_softmax(logits, log_probabilities_);
  double divergence = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    const auto expected = static_cast<double>(reference.log_probabilities[i]);
    divergence += std::exp(expected) * (expected - static_cast<double>(log_probabilities_[i]));
  }
  divergences_.push_back(std::max(divergence, 0.0));  // rounding may leave it a little below zero
  same_top_ += reference.top == most_likely(logits);
  const auto expected = static_cast<double>(reference.log_probabilities[static_cast<size_t>(target)]);
  const double change = std::exp(static_cast<double>(log_probabilities_[static_cast<size_t>(target)])) - std::exp(expected);
  likelihood_ += expected;
  squared_change_ += change * change;
  return {};
}

Divergence DivergenceMeter::result() const {
  const auto count = static_cast<double>(divergences_.size());
  std::vector<double> sorted = divergences_;
  std::sort(sorted.begin(), sorted.end());
  Divergence out;
  double squares = 0;
  for (const double value : sorted) out.mean += value / count;
  for (const double value : sorted) squares += (value - out.mean) * (value - out.mean);
  out.mean_error = std::sqrt(squares) / count;
  out.median = quantile(sorted, 0.5);
  out.p99 = quantile(sorted, 0.99);
  out.p999 = quantile(sorted, 0.999);
  out.largest = sorted.back();
  out.same_top = static_cast<double>(same_top_) / count;
  out.rms_change = std::sqrt(squared_change_ / count);
  out.reference_perplexity = std::exp(-likelihood_ / count);
  return out;
}

}  // namespace kt::core
