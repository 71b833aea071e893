// What the verbs that compute share: opening a runtime with progress, sampling flags, and reporting what happened.
#pragma once

#include <memory>
#include <string>

#include "apps/kt/program.h"
#include "core/serve/generation.h"
#include "core/serve/runtime.h"

namespace kt::app {

struct SamplingFlags {
  core::SamplingParams params;
  int max_tokens = 256;
  bool ignore_eos = false;
  std::string logit_bias;  // "ID:VALUE,..."
  std::string draft;       // "ngram", "ngram:N"
};

void add_draft_flag(CLI::App* verb, std::string& flag);
void add_sampling_flags(CLI::App* verb, SamplingFlags& flags);
core::Result<core::GenerationOptions> generation_options(const SamplingFlags& flags, const core::Runtime& runtime);

// Flags as runtime options.
core::Result<core::RuntimeOptions> runtime_options(Program& program, const ModelFlags& flags);
// Opens the runtime, with a progress bar on a terminal and the warnings of the rule files on stderr.
core::Result<std::unique_ptr<core::Runtime>> open_runtime(Program& program, const ModelFlags& flags, int sequences = 1);

// {"weights", "copies", "kv_cache", "work", "peak_rss"} in bytes.
core::Json memory_json(core::Runtime& runtime);
uint64_t peak_rss_bytes();

// Tokens to guess at a time of --draft: 0 for none. KT-E0102.
core::Result<int32_t> draft_tokens(const std::string& draft);
// {"drafted", "accepted", "steps"}
core::Json draft_json(const core::GenerationResult& result);

// One line about an answer: rates, time to the first token, memory.
std::string answer_summary(const core::GenerationResult& result, size_t prompt_tokens, double first_token);

// Takes [MODEL] [TEXT] apart: a first word that is neither a path nor an installed model is the text if it contains a
// space or stands alone. KT-E0402 otherwise.
core::Status split_positionals(const Program& program, const std::vector<std::string>& words, std::string& model,
                               std::string& text);

}  // namespace kt::app
