#include "core/estimate/sizes.h"

#include <algorithm>
#include <cctype>

#include "core/tensor/shape.h"

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

constexpr int32_t kAuto = -1;

Result<int32_t> cache_type(const std::string& name) {
  if (name.empty() || name == "auto") return kAuto;
  for (const int32_t dtype : {KT_F32, KT_F16, KT_BF16, KT_Q8_0, KT_Q4_0}) {
    std::string known = dtype_name(dtype);
    std::transform(known.begin(), known.end(), known.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (name == known) return dtype;
  }
  return fail(103, "the KV cache cannot have the type '" + name + "'", "known: auto, f32, f16, bf16, q8_0, q4_0");
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

Result<std::vector<int32_t>> cache_dtypes(const std::string& name, const Graph& graph, const Plan& prefill, const Plan& decode) {
  int32_t usual = KT_TRY(cache_type(name));
  if (usual == kAuto) usual = rounds_activations(prefill) || rounds_activations(decode) ? KT_F16 : KT_F32;
  std::vector<int32_t> out(graph.states.size(), kAuto);
  for (const Plan* plan : {&prefill, &decode})
    for (const Step& step : plan->steps) {
      if (!step.node || step.node->state < 0) continue;
      const auto option = step.binding.options.find("cache");
      const int32_t chosen = option == step.binding.options.end() ? kAuto : KT_TRY(cache_type(option->second));
      int32_t& dtype = out[static_cast<size_t>(step.node->state)];
      if (chosen == kAuto) continue;
      if (dtype != kAuto && dtype != chosen)
        return fail(103, "the operators of '" + step.node->name + "' want a KV cache of two types",
                    "set the option cache alike for both phases");
      dtype = chosen;
    }
  std::replace(out.begin(), out.end(), kAuto, usual);
  return out;
}

}  // namespace kt::core
