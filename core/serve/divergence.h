// How far a model's predictions are from those of a reference.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/serve/scoring.h"

namespace kt::core {

struct ReferenceRow {
  int32_t top = 0;                           // the most likely token
  std::span<const float> log_probabilities;  // [vocab], valid until the next row
};

// The scored rows of a text under the reference, in order.
class ReferenceLogits {
 public:
  virtual ~ReferenceLogits() = default;
  virtual Status begin_window(std::span<const int32_t> tokens) = 0;
  virtual Result<ReferenceRow> next() = 0;
};

// Runs the reference beside the model, window by window.
class RunLogits final : public ReferenceLogits {
 public:
  explicit RunLogits(Runtime& runtime) : runtime_(runtime) {}
  Status begin_window(std::span<const int32_t> tokens) override;
  Result<ReferenceRow> next() override;

 private:
  Runtime& runtime_;
  std::vector<float> rows_;  // [window, vocab], logarithms of probabilities
  size_t row_ = 0;
};

// Over the scored rows: the Kullback-Leibler divergence of the model from the reference in nats, and what it does to the answers.
struct Divergence {
  double mean = 0, mean_error = 0;  // and the standard error of the mean
  double median = 0, p99 = 0, p999 = 0, largest = 0;
  double same_top = 0;    // share of rows with the same most likely token
  double rms_change = 0;  // root mean square of the change in the probability of the text's own token
  double reference_perplexity = 0;
};

class DivergenceMeter final : public ScoreListener {
 public:
  explicit DivergenceMeter(ReferenceLogits& reference) : reference_(reference) {}
  Status begin_window(std::span<const int32_t> tokens) override { return reference_.begin_window(tokens); }
  // KT-E0102 if the reference has a vocabulary of another size.
  Status score(size_t position, std::span<const float> logits, int32_t target) override;
  Divergence result() const;  // after at least one row

 private:
  ReferenceLogits& reference_;
  std::vector<float> log_probabilities_;
  std::vector<double> divergences_;
  double likelihood_ = 0, squared_change_ = 0;
  size_t same_top_ = 0;
};

}  // namespace kt::core
