#include "core/serve/generation.h"

#include <algorithm>
#include <chrono>

#include "core/serve/ngram_drafter.h"

namespace kt::core {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

const char* finish_reason_name(FinishReason reason) {
  return reason == FinishReason::kStop ? "stop" : reason == FinishReason::kLength ? "length" : "cancelled";
}

Result<Generation> Generation::open(Executable& executable, KvPool& pool) {
  return Generation(executable, pool, KT_TRY(pool.open()));
}

Generation::Generation(Generation&& other) noexcept
    : executable_(other.executable_),
      pool_(std::exchange(other.pool_, nullptr)),
      sequence_(other.sequence_),
      batch_(std::move(other.batch_)),
      held_(std::move(other.held_)) {}

Generation::~Generation() {
  if (pool_) pool_->close(sequence_);
}

Result<std::span<const float>> Generation::append(std::span<const int32_t> ids, const OnPrompt& on_prompt) {
  if (ids.empty()) return fail(104, "the prompt is empty", "write a prompt, or give --ids");
  std::span<const float> logits;
  const auto chunk = static_cast<size_t>(executable_->options().max_tokens);
  for (size_t done = 0; done < ids.size();) {
    // Chunks end at multiples of the chunk size in absolute position, whatever the sequence holds already.
    const size_t position = static_cast<size_t>(length());
    const size_t count = std::min(ids.size() - done, chunk - position % chunk);
    batch_.clear();
    batch_.tokens.assign(ids.begin() + static_cast<std::ptrdiff_t>(done),
                         ids.begin() + static_cast<std::ptrdiff_t>(done + count));
    batch_.segments.push_back({sequence_, static_cast<int32_t>(position), static_cast<int32_t>(count)});
    done += count;
    if (done == ids.size()) batch_.output_rows.push_back(static_cast<int32_t>(count) - 1);
    logits = KT_TRY(run_batch());
    if (on_prompt && !on_prompt(done, ids.size())) return std::span<const float>();
  }
  return logits;
}

Result<std::span<const float>> Generation::append_draft(int32_t id, std::span<const int32_t> draft) {
  batch_.clear();
  batch_.tokens.push_back(id);
  batch_.tokens.insert(batch_.tokens.end(), draft.begin(), draft.end());
  const auto count = static_cast<int32_t>(batch_.tokens.size());
  batch_.segments.push_back({sequence_, length(), count});
  for (int32_t row = 0; row < count; ++row) batch_.output_rows.push_back(row);
  return run_batch();
}

Result<std::span<const float>> Generation::run_batch() {
  const auto logits = KT_TRY(executable_->run(batch_, *pool_));
  held_.insert(held_.end(), batch_.tokens.begin(), batch_.tokens.end());
  return logits;
}

Status Generation::truncate(int32_t length) {
  KT_TRY(pool_->truncate(sequence_, length));
  held_.resize(std::min(held_.size(), static_cast<size_t>(length)));
  return {};
}

// Samples the answer from the logits after the prompt on, and runs the model for those that follow.
class Generation::Decoding {
 public:
  Decoding(Generation& generation, const GenerationOptions& options, std::span<const int32_t> prompt)
      : generation_(generation),
        options_(options),
        sampler_(options.sampling),
        drafter_(std::min(options.draft_tokens, kMaxDraft)) {
    for (const int32_t id : generation.held_) drafter_.accept(id);  // of earlier prompts and answers
    for (const int32_t id : prompt) accept(id);
  }

  // `logits` are those after the prompt. At most `limit` tokens.
  Status run(std::span<const float> logits, int64_t limit, const OnToken& on_token, GenerationResult& out) {
    logits_ = logits;
    while (static_cast<int64_t>(out.ids.size()) < limit) {
      const int32_t id = KT_TRY(sampler_.sample(row()));
      if (is_stop(id)) {
        out.finish = FinishReason::kStop;
        break;
      }
      accept(id);
      out.ids.push_back(id);
      if (on_token && !on_token(id)) {
        out.finish = FinishReason::kCancelled;
        break;
      }
      const int64_t left = limit - static_cast<int64_t>(out.ids.size());
      if (left > 0 && !came_true(id)) KT_TRY(step(id, left, out));
    }
    return forget_rejected(out);
  }

 private:
  void accept(int32_t id) {
    sampler_.accept(id);
    drafter_.accept(id);
  }
  bool is_stop(int32_t id) const {
    return std::find(options_.stop_tokens.begin(), options_.stop_tokens.end(), id) != options_.stop_tokens.end();
  }
  std::span<const float> row() const {
    const auto vocab = static_cast<size_t>(generation_.executable_->vocab_size());
    return logits_.subspan(at_ * vocab, vocab);
  }
  // Whether the token is the guess whose row comes next; its logits are there already.
  bool came_true(int32_t id) {
    if (at_ >= draft_.size() || draft_[at_] != id) return false;
    ++at_;
    return true;
  }
  Status step(int32_t id, int64_t left, GenerationResult& out) {
    KT_TRY(forget_rejected(out));
    const std::span<const int32_t> guess = drafter_.draft(generation_.draft_room(left - 1));
    draft_.assign(guess.begin(), guess.end());
    logits_ = KT_TRY(generation_.append_draft(id, draft_));
    out.drafted += draft_.size();
    ++out.steps;
    return {};
  }
  // The rows of guesses that did not come true leave the cache.
  Status forget_rejected(GenerationResult& out) {
    const auto drafted = static_cast<int32_t>(draft_.size()), accepted = static_cast<int32_t>(at_);
    out.accepted += at_;
    drafter_.judge(drafted, accepted);
    draft_.clear();
    at_ = 0;
    return generation_.truncate(generation_.length() - (drafted - accepted));
  }

  Generation& generation_;
  const GenerationOptions& options_;
  Sampler sampler_;
  NgramDrafter drafter_;
  std::span<const float> logits_;  // of the last run's rows
  std::vector<int32_t> draft_;     // guesses behind the first of them
  size_t at_ = 0;                  // how many have come true
};

Result<GenerationResult> Generation::run(std::span<const int32_t> prompt, const GenerationOptions& options, int32_t context,
                                         const OnToken& on_token, const OnPrompt& on_prompt) {
  const int64_t room = int64_t{context} - length() - static_cast<int64_t>(prompt.size());
  if (room < 0)
    return fail(104, "the prompt has " + std::to_string(prompt.size()) + " tokens, the context holds " + std::to_string(context),
                "use a larger --ctx-size or a shorter prompt");
  GenerationResult out;
  Decoding decoding(*this, options, prompt);
  auto start = Clock::now();
  const auto logits = KT_TRY(append(prompt, on_prompt));
  out.prompt_seconds = seconds_since(start);
  if (logits.empty()) {
    out.finish = FinishReason::kCancelled;
    return out;
  }
  start = Clock::now();
  KT_TRY(decoding.run(logits, std::min<int64_t>(options.max_tokens, room + 1), on_token, out));
  out.decode_seconds = seconds_since(start);
  return out;
}

int32_t Generation::draft_room(int64_t left) const {
  const LoadOptions& sizes = executable_->options();
  return static_cast<int32_t>(std::min<int64_t>(left, std::min(sizes.max_tokens, sizes.max_outputs) - 1));
}

}  // namespace kt::core
