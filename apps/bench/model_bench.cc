#include "apps/bench/model_bench.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "apps/bench/work.h"
#include "core/serve/generation.h"

namespace kt::bench {
namespace {

using core::Batch;
using core::Result;
using core::Status;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Sequences of random tokens in the runtime's pool; closed at the end.
class Sequences {
 public:
  explicit Sequences(core::Runtime& runtime) : runtime_(runtime) {}
  ~Sequences() {
    for (const int32_t id : ids_) runtime_.pool().close(id);
  }
  Sequences(const Sequences&) = delete;
  Sequences& operator=(const Sequences&) = delete;

  Status open(int count) {
    for (int i = 0; i < count; ++i) ids_.push_back(KT_TRY(runtime_.pool().open()));
    return {};
  }
  // Appends `rows` to each sequence, in chunks, one sequence after the other.
  Status read(int rows) {
    const int most = runtime_.executable().options().max_tokens;
    for (const int32_t id : ids_)
      for (int done = 0; done < rows;) {
        const int count = std::min(rows - done, most);
        batch_.clear();
        add(id, count);
        done += count;
        if (done == rows) batch_.output_rows.push_back(count - 1);
        KT_TRY(runtime_.executable().run(batch_, runtime_.pool()));
      }
    return {};
  }
  // One token for every sequence at once.
  Status step() {
    batch_.clear();
    for (const int32_t id : ids_) {
      add(id, 1);
      batch_.output_rows.push_back(static_cast<int32_t>(batch_.tokens.size()) - 1);
    }
    return runtime_.executable().run(batch_, runtime_.pool()).status();
  }

 private:
  void add(int32_t id, int count) {
    batch_.segments.push_back({id, runtime_.pool().length(id), count});
    for (int i = 0; i < count; ++i)
      batch_.tokens.push_back(static_cast<int32_t>(random_() % static_cast<uint64_t>(runtime_.executable().vocab_size())));
  }

  core::Runtime& runtime_;
  std::vector<int32_t> ids_;
  Batch batch_;
  std::mt19937_64 random_{7};
};

std::string label(const char* kind, int tokens, int depth, int batch) {
  std::string out = kind + std::to_string(tokens);
  if (depth > 0) out += "@" + std::to_string(depth);
  if (batch > 1) out += "x" + std::to_string(batch);
  return out;
}

Result<double> prompt_seconds(core::Runtime& runtime, int tokens, int depth, int batch) {
  Sequences sequences(runtime);
  KT_TRY(sequences.open(batch));
  KT_TRY(sequences.read(depth));
  const auto start = Clock::now();
  KT_TRY(sequences.read(tokens));
  return seconds_since(start);
}

Result<double> generation_seconds(core::Runtime& runtime, int tokens, int depth, int batch) {
  Sequences sequences(runtime);
  KT_TRY(sequences.open(batch));
  KT_TRY(sequences.read(std::max(depth, 1)));
  const auto start = Clock::now();
  for (int i = 0; i < tokens; ++i) KT_TRY(sequences.step());
  return seconds_since(start);
}

// Least time of one prompt of `tokens` rows, chunk by chunk.
Bound prompt_bound(core::Runtime& runtime, int tokens, const Limits& limits) {
  const core::Plan& plan = runtime.executable().plan(KT_PREFILL);
  const int most = runtime.executable().options().max_tokens;
  Bound out;
  for (int done = 0; done < tokens;) {
    const int count = std::min(tokens - done, most);
    done += count;
    const Bound chunk = bound_of(work_of(plan, count, done == tokens ? 1 : 0), limits);
    out.seconds += chunk.seconds;
    out.by = chunk.by;
  }
  return out;
}

using Measure = Result<double> (*)(core::Runtime&, int, int, int);

Result<ModelRow> measure(core::Runtime& runtime, const char* kind, Measure seconds_of, int tokens, int depth, int batch,
                         int repetitions) {
  ModelRow row;
  row.test = label(kind, tokens, depth, batch);
  row.depth = depth;
  row.batch = batch;
  for (int i = -1; i < repetitions; ++i) {
    const double seconds = KT_TRY(seconds_of(runtime, tokens, depth, batch));
    if (i >= 0) row.tokens_per_second.add(static_cast<double>(tokens) * batch / seconds);
  }
  return row;
}

// An answer of the most likely tokens to random ones; the first token of it, which the prompt gives, is not counted.
Result<core::GenerationResult> answer(core::Runtime& runtime, int tokens, int depth, int draft_tokens) {
  std::mt19937_64 random(7);
  std::vector<int32_t> prompt(static_cast<size_t>(std::max(depth, 1)));
  for (int32_t& id : prompt) id = static_cast<int32_t>(random() % static_cast<uint64_t>(runtime.executable().vocab_size()));
  core::GenerationOptions options;
  options.sampling.temperature = 0;
  options.max_tokens = tokens + 1;
  options.draft_tokens = draft_tokens;
  auto generation = KT_TRY(core::Generation::open(runtime.executable(), runtime.pool()));
  return generation.run(prompt, options, runtime.context(), nullptr, nullptr);
}

Result<ModelRow> measure_answer(core::Runtime& runtime, int tokens, int depth, int draft_tokens, const ModelBenchOptions& options,
                                const Limits& limits) {
  ModelRow row;
  row.test = label("answer", tokens, depth, 1) + (draft_tokens > 0 ? "+ngram" + std::to_string(draft_tokens) : "");
  row.depth = depth;
  for (int i = -1; i < options.repetitions; ++i) {
    const core::GenerationResult result = KT_TRY(answer(runtime, tokens, depth, draft_tokens));
    if (i >= 0) row.tokens_per_second.add(static_cast<double>(result.ids.size() - 1) / result.decode_seconds);
    row.drafted = result.drafted;
    row.accepted = result.accepted;
  }
  const Bound bound = bound_of(work_of(runtime.executable().plan(KT_DECODE), 1, 1), limits);
  row.share_of_limit = bound.seconds * row.tokens_per_second.median();
  row.bound_by = bound.by;
  return row;
}

}  // namespace

int context_needed(const ModelBenchOptions& options) {
  const auto most = [](const std::vector<int>& values) {
    return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  };
  return std::max(most(options.depths), 1) + std::max(most(options.prompts), most(options.generations) + 1);
}

int sequences_needed(const ModelBenchOptions& options) {
  return std::max(1, *std::max_element(options.batches.begin(), options.batches.end()));
}

Result<std::vector<ModelRow>> bench_model(core::Runtime& runtime, const ModelBenchOptions& options, const Limits& limits,
                                          const std::function<void(const std::string&)>& progress) {
  std::vector<ModelRow> out;
  for (const int depth : options.depths)
    for (const int batch : options.batches) {
      for (const int tokens : options.prompts) {
        progress(label("pp", tokens, depth, batch));
        ModelRow row = KT_TRY(measure(runtime, "pp", prompt_seconds, tokens, depth, batch, options.repetitions));
        const Bound bound = prompt_bound(runtime, tokens, limits);
        row.share_of_limit = bound.seconds * row.tokens_per_second.median() / tokens;
        row.bound_by = bound.by;
        out.push_back(std::move(row));
      }
      for (const int tokens : options.generations) {
        progress(label("tg", tokens, depth, batch));
        ModelRow row = KT_TRY(measure(runtime, "tg", generation_seconds, tokens, depth, batch, options.repetitions));
        const Bound bound = bound_of(work_of(runtime.executable().plan(KT_DECODE), batch, batch), limits);
        row.share_of_limit = bound.seconds * row.tokens_per_second.median() / batch;
        row.bound_by = bound.by;
        out.push_back(std::move(row));
        if (options.draft_tokens == 0 || batch != 1) continue;
        for (const int draft : {0, options.draft_tokens})
          out.push_back(KT_TRY(measure_answer(runtime, tokens, depth, draft, options, limits)));
      }
    }
  return out;
}

}  // namespace kt::bench
