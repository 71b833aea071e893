#include "core/serve/scoring.h"

#include <algorithm>
#include <cmath>

namespace kt::core {
namespace {

// -log softmax(logits)[target]
double negative_log_likelihood(std::span<const float> logits, int32_t target) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return std::log(sum) + largest - static_cast<double>(logits[static_cast<size_t>(target)]);
}

Status run_chunks(Runtime& runtime, int32_t sequence, std::span<const int32_t> ids, const OnLogits& on_logits) {
  const LoadOptions& limits = runtime.executable().options();
  const auto chunk = static_cast<size_t>(std::min(limits.max_tokens, limits.max_outputs));
  Batch batch;
  for (size_t begin = 0; begin < ids.size(); begin += chunk) {
    const size_t count = std::min(chunk, ids.size() - begin);
    batch.clear();
    batch.tokens.assign(ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(begin + count));
    batch.segments.push_back({sequence, static_cast<int32_t>(begin), static_cast<int32_t>(count)});
    for (size_t i = 0; i < count; ++i) batch.output_rows.push_back(static_cast<int32_t>(i));
    const auto logits = KT_TRY(runtime.executable().run(batch, runtime.pool()));
    const auto vocab = static_cast<size_t>(runtime.executable().vocab_size());
    for (size_t i = 0; i < count; ++i) on_logits(begin + i, logits.subspan(i * vocab, vocab));
  }
  return {};
}

}  // namespace

Status for_each_logits(Runtime& runtime, std::span<const int32_t> ids, const OnLogits& on_logits) {
  const int32_t sequence = KT_TRY(runtime.pool().open());
  Status status = run_chunks(runtime, sequence, ids, on_logits);
  runtime.pool().close(sequence);
  return status;
}

Result<Perplexity> perplexity(Runtime& runtime, std::span<const int32_t> ids, int32_t bos, size_t window,
                              const std::function<void(double)>& progress) {
  const size_t text_tokens = bos >= 0 ? window - 1 : window;
  Perplexity out;
  double total = 0;
  std::vector<int32_t> rows;
  for (size_t begin = 0; begin < ids.size(); begin += text_tokens) {
    rows.clear();
    if (bos >= 0) rows.push_back(bos);
    const size_t count = std::min(text_tokens, ids.size() - begin);
    rows.insert(rows.end(), ids.begin() + static_cast<std::ptrdiff_t>(begin), ids.begin() + static_cast<std::ptrdiff_t>(begin + count));
    KT_TRY(for_each_logits(runtime, rows, [&](size_t position, std::span<const float> logits) {
      if (position + 1 >= rows.size()) return;
      total += negative_log_likelihood(logits, rows[position + 1]);
      ++out.tokens;
    }));
    if (progress) progress(static_cast<double>(begin + count) / static_cast<double>(ids.size()));
  }
  if (out.tokens == 0) return fail(104, "the text is too short to score", "it needs at least two tokens");
  out.perplexity = std::exp(total / static_cast<double>(out.tokens));
  return out;
}

}  // namespace kt::core
