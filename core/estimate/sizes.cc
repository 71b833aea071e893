#include "core/estimate/sizes.h"

#include <algorithm>

namespace kt::core {
namespace {

constexpr int32_t kDefaultContext = 8192;
constexpr int32_t kPositionUnit = 64;  // chunk boundaries are multiples of it, in absolute position
constexpr int32_t kMaxOutputs = 64;
static_assert(kPositionUnit % kPageSize == 0);

// Whether some operator may round activations: then a smaller cache costs nothing that is not lost already.
bool rounds_activations(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    const auto it = step.binding.options.find("activations");
    return it != step.binding.options.end() && it->second != "f32";
  });
}

}  // namespace

Result<int32_t> context_size(const ModelConfig& config, int32_t wanted) {
  const char* const key = config.source() == KT_SOURCE_GGUF ? "context_length" : "max_position_embeddings";
  const int64_t model = config.get_int(key).value_or(0);
  if (model > 0 && wanted > model)
    return fail(103,
                "--ctx-size " + std::to_string(wanted) + ": the model was made for at most " + std::to_string(model) + " tokens",
                "use --ctx-size " + std::to_string(model) + " or less");
  if (wanted > 0) return wanted;
  return static_cast<int32_t>(model > 0 ? std::min<int64_t>(model, kDefaultContext) : kDefaultContext);
}

int32_t chunk_size(int32_t batch, int32_t context) {
  const int32_t useful = std::min(batch, (context + kPositionUnit - 1) / kPositionUnit * kPositionUnit);
  return useful > kPositionUnit ? useful / kPositionUnit * kPositionUnit : useful;
}

int32_t output_rows(int32_t chunk) { return std::min(chunk, kMaxOutputs); }

int64_t cache_rows(int32_t context, int32_t sequences) {
  return int64_t{(context + kPageSize - 1) / kPageSize * kPageSize} * sequences;
}

int32_t cache_dtype(const std::string& name, const Plan& prefill, const Plan& decode) {
  if (name == "f32") return KT_F32;
  if (name == "f16") return KT_F16;
  if (name == "bf16") return KT_BF16;
  return rounds_activations(prefill) || rounds_activations(decode) ? KT_F16 : KT_F32;
}

}  // namespace kt::core
