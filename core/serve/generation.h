// Runs one sequence: prompt in chunks, then token by token through the sampler.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/exec/executable.h"
#include "core/exec/kv_pool.h"
#include "core/text/sampler.h"

namespace kt::core {

struct GenerationOptions {
  SamplingParams sampling;
  int32_t max_tokens = 256;
  std::vector<int32_t> stop_tokens;  // end the answer; empty: only max_tokens does
  // Tokens guessed at most from what followed the last ones before, and checked in one run: the answer is the same, token for
  // token, whatever the sampling, as long as the operators' numerics are invariant. 0: none; at most kMaxDraft.
  int32_t draft_tokens = 0;
};

enum class FinishReason { kStop, kLength, kCancelled };
const char* finish_reason_name(FinishReason reason);  // "stop", "length", "cancelled"

// A guess and the token before it are one decode batch.
inline constexpr int32_t kMaxDraft = kDecodeRows - 1;

struct GenerationResult {
  std::vector<int32_t> ids;  // without the stop token
  FinishReason finish = FinishReason::kLength;
  double prompt_seconds = 0, decode_seconds = 0;
  size_t drafted = 0, accepted = 0;  // guessed tokens, and those of them that are in the answer
  size_t steps = 0;                  // runs of the model after the prompt
};

// Called with every new token; false ends the generation (kCancelled).
using OnToken = std::function<bool(int32_t)>;
// Called while the prompt is read: rows done, rows in all; false ends the generation (kCancelled).
using OnPrompt = std::function<bool(size_t, size_t)>;

class Generation {
 public:
  // A new empty sequence in the pool; it is closed with this object. Both outlive it.
  static Result<Generation> open(Executable& executable, KvPool& pool);
  ~Generation();
  Generation(Generation&& other) noexcept;
  Generation& operator=(Generation&&) = delete;

  // Appends `prompt` to what the sequence holds and generates. KT-E0104 if prompt and answer exceed `context`.
  Result<GenerationResult> run(std::span<const int32_t> prompt, const GenerationOptions& options, int32_t context,
                               const OnToken& on_token, const OnPrompt& on_prompt);
  // Appends rows and gives the logits of the last one; no logits if `on_prompt` ended it before.
  Result<std::span<const float>> append(std::span<const int32_t> ids, const OnPrompt& on_prompt);
  // Appends `id` and the guess that follows it, and gives the logits of every row: [1 + draft, vocab].
  Result<std::span<const float>> append_draft(int32_t id, std::span<const int32_t> draft);
  int32_t length() const { return pool_->length(sequence_); }
  Status truncate(int32_t length);

 private:
  class Decoding;
  Generation(Executable& executable, KvPool& pool, int32_t sequence)
      : executable_(&executable), pool_(&pool), sequence_(sequence) {}

  Result<std::span<const float>> run_batch();
  int32_t draft_room(int64_t left) const;  // rows of a run behind its first

  Executable* executable_;
  KvPool* pool_;
  int32_t sequence_;
  Batch batch_;
  std::vector<int32_t> held_;  // the tokens of the rows that the sequence holds
};

}  // namespace kt::core
