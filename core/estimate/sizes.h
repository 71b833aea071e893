// The sizes a run is laid out for; kt plan and the runtime take them from the same functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/io/model_config.h"
#include "core/plan/plan.h"

namespace kt::core {

struct RunSizes {
  int threads = 1;
  int32_t context = 8192;  // tokens of a sequence
  int32_t batch = 512;     // rows of a prefill chunk
  int32_t sequences = 1;
  std::string cache_type = "auto";  // f32, f16, bf16, q8_0, q4_0; auto: f32 where activations are f32, else f16
};

inline constexpr int32_t kPageSize = 32;  // tokens of a page of the KV cache

// Tokens a sequence may have: as wanted (0: the model's, at most 8192), but no more than the model was made for. KT-E0103.
Result<int32_t> context_size(const ModelConfig& config, int32_t wanted);
// Rows of a chunk and of logits, no more than a context of that size can use.
int32_t chunk_size(int32_t batch, int32_t context);
int32_t output_rows(int32_t chunk);
// Rows that the KV cache holds, in whole pages.
int64_t cache_rows(int32_t context, int32_t sequences);
// By state the KtDtype of its rows: what the option "cache" of the operator that reads it says, else what this name of
// RunSizes::cache_type means for operators as planned. KT-E0103 if there is no such type or the phases want different ones.
Result<std::vector<int32_t>> cache_dtypes(const std::string& name, const Graph& graph, const Plan& prefill, const Plan& decode);

}  // namespace kt::core
