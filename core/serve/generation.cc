#include "core/serve/generation.h"

#include <algorithm>
#include <chrono>

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
    : executable_(other.executable_), pool_(std::exchange(other.pool_, nullptr)), sequence_(other.sequence_), batch_(std::move(other.batch_)) {}

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
    batch_.tokens.assign(ids.begin() + static_cast<std::ptrdiff_t>(done), ids.begin() + static_cast<std::ptrdiff_t>(done + count));
    batch_.segments.push_back({sequence_, static_cast<int32_t>(position), static_cast<int32_t>(count)});
    done += count;
    if (done == ids.size()) batch_.output_rows.push_back(static_cast<int32_t>(count) - 1);
    logits = KT_TRY(executable_->run(batch_, *pool_));
    if (on_prompt && !on_prompt(done, ids.size())) return std::span<const float>();
  }
  return logits;
}

Result<GenerationResult> Generation::run(std::span<const int32_t> prompt, const GenerationOptions& options, int32_t context,
                                         const OnToken& on_token, const OnPrompt& on_prompt) {
  const int64_t room = int64_t{context} - length() - static_cast<int64_t>(prompt.size());
  if (room < 0)
    return fail(104, "the prompt has " + std::to_string(prompt.size()) + " tokens, the context holds " + std::to_string(context),
                "use a larger --ctx-size or a shorter prompt");
  GenerationResult out;
  Sampler sampler(options.sampling);
  for (const int32_t id : prompt) sampler.accept(id);
  auto start = Clock::now();
  auto logits = KT_TRY(append(prompt, on_prompt));
  out.prompt_seconds = seconds_since(start);
  if (logits.empty()) {
    out.finish = FinishReason::kCancelled;
    return out;
  }
  start = Clock::now();
  const int64_t limit = std::min<int64_t>(options.max_tokens, room + 1);
  while (static_cast<int64_t>(out.ids.size()) < limit) {
    const int32_t id = KT_TRY(sampler.sample(logits));
    if (std::find(options.stop_tokens.begin(), options.stop_tokens.end(), id) != options.stop_tokens.end()) {
      out.finish = FinishReason::kStop;
      break;
    }
    sampler.accept(id);
    out.ids.push_back(id);
    if (on_token && !on_token(id)) {
      out.finish = FinishReason::kCancelled;
      break;
    }
    if (static_cast<int64_t>(out.ids.size()) == limit) break;
    logits = KT_TRY(append(std::span(&out.ids.back(), 1), nullptr));
  }
  out.decode_seconds = seconds_since(start);
  return out;
}

}  // namespace kt::core
