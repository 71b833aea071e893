// Speed of a whole model: prompts read, tokens generated, by the engine that answers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apps/bench/limits.h"
#include "apps/bench/samples.h"
#include "core/serve/runtime.h"

namespace kt::bench {

struct ModelBenchOptions {
  std::vector<int> prompts, generations, depths = {0}, batches = {1};
  int repetitions = 3;
  int draft_tokens =
      0;  // more than 0: answers with and without guesses of at most so many tokens, for every generation of one sequence
};

struct ModelRow {
  std::string test;  // "pp512", "tg64", "tg64@4096", "tg64x8"; "answer64" and "answer64+ngram7" take the most likely tokens
  int depth = 0, batch = 1;
  Samples tokens_per_second;
  size_t drafted = 0, accepted = 0;  // in one repetition
  double share_of_limit = 0;
  std::string bound_by;
};

// Tokens of context and sequences that the options need.
int context_needed(const ModelBenchOptions& options);
int sequences_needed(const ModelBenchOptions& options);

// One warm-up and then the repetitions of every test; token ids are random with a fixed seed.
core::Result<std::vector<ModelRow>> bench_model(core::Runtime& runtime, const ModelBenchOptions& options, const Limits& limits,
                                                const std::function<void(const std::string&)>& progress);

}  // namespace kt::bench
