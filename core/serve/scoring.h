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

// A text that is scored in windows of `window` tokens, each begun with `bos` (if >= 0); in a window every token but its first is
// scored.
struct ScoredText {
  std::span<const int32_t> ids;
  int32_t bos = -1;
  size_t window = 512;

  size_t windows() const;
  std::vector<int32_t> tokens(size_t index) const;  // of a window
  size_t rows() const;                              // that are scored
  // The same for equal texts, cut alike.
  uint64_t identity() const;
};

// Sees the scored rows, in order. An error ends the run.
class ScoreListener {
 public:
  virtual ~ScoreListener() = default;
  virtual Status begin_window(std::span<const int32_t>) { return {}; }
  // `logits` [vocab] are those after tokens[position] of the window; `target` is the token that follows there.
  virtual Status score(size_t position, std::span<const float> logits, int32_t target) = 0;
};

struct Perplexity {
  double perplexity = 0;
  size_t tokens = 0;  // scored
};

// exp of the mean negative log likelihood. `listener` may be null.
Result<Perplexity> perplexity(Runtime& runtime, const ScoredText& text, ScoreListener* listener,
                              const std::function<void(double)>& progress);

// Writes log(softmax(logits)) [vocab].
void log_softmax(std::span<const float> logits, std::span<float> out);

}  // namespace kt::core
