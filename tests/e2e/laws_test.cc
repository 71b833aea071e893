// The laws of batching: what else is computed with a row, and in which pieces its sequence came, does not change a bit of it.
#include <random>

#include "fixture.h"

namespace kt::core::test {
namespace {

using Rows = std::vector<std::vector<float>>;

std::vector<int32_t> random_ids(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> out(count);
  for (int32_t& id : out) id = static_cast<int32_t>(random() % 300);
  return out;
}

// Runs rows [begin, end) of every sequence in one batch and appends their logits.
void run_together(Runtime& runtime, const std::vector<int32_t>& sequences, const std::vector<std::vector<int32_t>>& prompts,
                  size_t begin, size_t end, std::vector<Rows>& out) {
  Batch batch;
  std::vector<size_t> owner;
  for (size_t s = 0; s < prompts.size(); ++s) {
    const size_t last = std::min(end, prompts[s].size());
    if (begin >= last) continue;
    batch.segments.push_back({sequences[s], static_cast<int32_t>(begin), static_cast<int32_t>(last - begin)});
    for (size_t i = begin; i < last; ++i) {
      batch.output_rows.push_back(static_cast<int32_t>(batch.tokens.size()));
      batch.tokens.push_back(prompts[s][i]);
      owner.push_back(s);
    }
  }
  if (batch.tokens.empty()) return;
  const auto logits = runtime.executable().run(batch, runtime.pool());
  ASSERT_TRUE(logits.ok()) << logits.error().text();
  const auto vocab = static_cast<size_t>(runtime.executable().vocab_size());
  for (size_t row = 0; row < owner.size(); ++row) {
    const auto found = logits->subspan(row * vocab, vocab);
    out[owner[row]].emplace_back(found.begin(), found.end());
  }
}

// Logits of all prompts, computed side by side in steps of `step` rows a sequence.
std::vector<Rows> side_by_side(Runtime& runtime, const std::vector<std::vector<int32_t>>& prompts, size_t step) {
  std::vector<Rows> out(prompts.size());
  std::vector<int32_t> sequences;
  size_t longest = 0;
  for (const auto& prompt : prompts) {
    sequences.push_back(*runtime.pool().open());
    longest = std::max(longest, prompt.size());
  }
  for (size_t begin = 0; begin < longest; begin += step) run_together(runtime, sequences, prompts, begin, begin + step, out);
  for (const int32_t sequence : sequences) runtime.pool().close(sequence);
  return out;
}

class Laws : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  std::unique_ptr<Runtime> runtime(int32_t batch, int threads) const {
    RuntimeOptions options = options_for(std::get<0>(GetParam()), std::get<1>(GetParam()));
    options.batch = batch;
    options.threads = threads;
    return open_runtime(options);
  }
};

TEST_P(Laws, ChunkedIsWholeAndTokenByTokenIsPrefill) {
  const auto ids = random_ids(90, 3);
  const auto whole = all_logits(*runtime(192, 2), ids);
  for (const int32_t chunk : {1, 3, 8, 13, 37, 64})
    EXPECT_EQ(all_logits(*runtime(chunk, 2), ids), whole) << "chunks of " << chunk;
}

TEST_P(Laws, TheNumberOfThreadsChangesNothing) {
  const auto ids = random_ids(40, 4);
  const auto one = all_logits(*runtime(64, 1), ids);
  for (const int threads : {2, 3, 5}) EXPECT_EQ(all_logits(*runtime(64, threads), ids), one) << threads << " threads";
}

TEST_P(Laws, BatchedIsAlone) {
  const auto r = runtime(64, 2);
  const std::vector<std::vector<int32_t>> prompts = {random_ids(21, 5), random_ids(3, 6), random_ids(14, 7), random_ids(1, 8)};
  std::vector<Rows> alone;
  for (const auto& prompt : prompts) alone.push_back(all_logits(*r, prompt));
  for (const size_t step : {1u, 4u, 15u}) EXPECT_EQ(side_by_side(*r, prompts, step), alone) << "steps of " << step;
}

INSTANTIATE_TEST_SUITE_P(Models, Laws,
                         testing::Combine(testing::Values("models/llama", "models/qwen2_swa", "models/qwen3_moe",
                                                          "models/deepseek_v3", "gguf/deepseek_v2-q8_0.gguf",
                                                          "gguf/llama_wide-q4_k_m.gguf"),
                                          testing::Values("base/ref.yaml", "base/cpu-exact.yaml", "base/cpu.yaml")),
                         [](const auto& info) {
                           std::string name = std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); },
                               '_');
                           return name;
                         });

}  // namespace
}  // namespace kt::core::test
