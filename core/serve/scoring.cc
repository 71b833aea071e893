#include "core/serve/scoring.h"

#include <algorithm>
#include <cmath>

namespace kt::core {
namespace {

// log of the sum of exp(logits)
double log_sum(std::span<const float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return std::log(sum) + largest;
}

Status run_chunks(Runtime& runtime, int32_t sequence, std::span<const int32_t> ids, const OnLogits& on_logits) {
  const LoadOptions& limits = runtime.executable().options();
  const auto chunk = static_cast<size_t>(std::min(limits.max_tokens, limits.max_outputs));
  Batch batch;
  for (size_t begin = 0; begin < ids.size(); begin += chunk) {
    const size_t count = std::min(chunk, ids.size() - begin);
    batch.clear();
    batch.tokens.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                        ids.begin() + static_cast<std::ptrdiff_t>(begin + count));
    batch.segments.push_back({sequence, static_cast<int32_t>(begin), static_cast<int32_t>(count)});
    for (size_t i = 0; i < count; ++i) batch.output_rows.push_back(static_cast<int32_t>(i));
    const auto logits = KT_TRY(runtime.executable().run(batch, runtime.pool()));
    const auto vocab = static_cast<size_t>(runtime.executable().vocab_size());
    for (size_t i = 0; i < count; ++i) on_logits(begin + i, logits.subspan(i * vocab, vocab));
  }
  return {};
}

size_t text_tokens(const ScoredText& text) { return text.bos >= 0 ? text.window - 1 : text.window; }

}  // namespace

Status for_each_logits(Runtime& runtime, std::span<const int32_t> ids, const OnLogits& on_logits) {
  const int32_t sequence = KT_TRY(runtime.pool().open());
  Status status = run_chunks(runtime, sequence, ids, on_logits);
  runtime.pool().close(sequence);
  return status;
}

size_t ScoredText::windows() const { return (ids.size() + text_tokens(*this) - 1) / text_tokens(*this); }

std::vector<int32_t> ScoredText::tokens(size_t index) const {
  const size_t begin = index * text_tokens(*this), count = std::min(text_tokens(*this), ids.size() - begin);
  std::vector<int32_t> out;
  if (bos >= 0) out.push_back(bos);
  out.insert(out.end(), ids.begin() + static_cast<std::ptrdiff_t>(begin),
             ids.begin() + static_cast<std::ptrdiff_t>(begin + count));
  return out;
}

size_t ScoredText::rows() const { return bos >= 0 ? ids.size() : ids.size() - windows(); }

uint64_t ScoredText::identity() const {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, a number at a time
  const auto add = [&hash](uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
  add(window);
  add(static_cast<uint64_t>(static_cast<int64_t>(bos)));
  for (const int32_t id : ids) add(static_cast<uint64_t>(id));
  return hash;
}

Result<Perplexity> perplexity(Runtime& runtime, const ScoredText& text, ScoreListener* listener,
                              const std::function<void(double)>& progress) {
  Perplexity out;
  double total = 0;
  for (size_t index = 0; index < text.windows(); ++index) {
    const std::vector<int32_t> tokens = text.tokens(index);
    if (listener) KT_TRY(listener->begin_window(tokens));
    Status heard;
    KT_TRY(for_each_logits(runtime, tokens, [&](size_t position, std::span<const float> logits) {
      if (position + 1 >= tokens.size() || !heard.ok()) return;
      const int32_t target = tokens[position + 1];
      total += log_sum(logits) - static_cast<double>(logits[static_cast<size_t>(target)]);
      ++out.tokens;
      if (listener) heard = listener->score(position, logits, target);
    }));
    KT_TRY(std::move(heard));
    if (progress) progress(static_cast<double>(index + 1) / static_cast<double>(text.windows()));
  }
  if (out.tokens == 0) return fail(104, "the text is too short to score", "it needs at least two tokens");
  out.perplexity = std::exp(total / static_cast<double>(out.tokens));
  return out;
}

void log_softmax(std::span<const float> logits, std::span<float> out) {
  const double sum = log_sum(logits);
  for (size_t i = 0; i < logits.size(); ++i) out[i] = static_cast<float>(static_cast<double>(logits[i]) - sum);
}

}  // namespace kt::core
