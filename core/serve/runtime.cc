#include "core/serve/runtime.h"

#include <algorithm>
#include <chrono>
#include <future>

#include "core/rules/load.h"
#include "core/serve/chat.h"

namespace kt::core {
namespace {

constexpr int32_t kDefaultContext = 8192;
constexpr int32_t kPositionUnit = 64;  // chunk boundaries are multiples of it, in absolute position
constexpr int32_t kPageSize = 32;      // divides kPositionUnit
constexpr int32_t kMaxOutputs = 64;

using TokenizerResult = Result<std::shared_ptr<const Tokenizer>>;

// Tokens a sequence may have: as asked, but no more than the model was made for.
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

// Whether some operator may round activations: then a smaller cache costs nothing that is not lost already.
bool rounds_activations(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    const auto it = step.binding.options.find("activations");
    return it != step.binding.options.end() && it->second != "f32";
  });
}

int32_t cache_dtype(const std::string& name, const Executable& executable) {
  if (name == "f32") return KT_F32;
  if (name == "f16") return KT_F16;
  if (name == "bf16") return KT_BF16;
  return rounds_activations(executable.plan(KT_PREFILL)) || rounds_activations(executable.plan(KT_DECODE)) ? KT_F16 : KT_F32;
}

}  // namespace

Result<BoundGraph> bind_rules(const Registry& registry, const Graph& graph, const RuntimeOptions& options) {
  const bool automatic = options.rules.empty() || (options.rules.size() == 1 && options.rules[0] == "auto");
  const RuleSet rules = automatic ? auto_rules(registry.machine(), graph, registry)
                                  : KT_TRY(load_rules(options.rules, options.rule_folders, options.vars));
  return bind(graph, rules, registry, registry.machine(), BindOptions{.strict = options.strict});
}

Result<std::unique_ptr<Runtime>> Runtime::open(const Registry& registry, const RuntimeOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  std::unique_ptr<Runtime> out(new Runtime());
  out->workspace_ = KT_TRY(Workspace::open(registry, options.model, options.model_folders, true));
  out->context_ = KT_TRY(context_size(out->workspace_->source().config, options.context));
  // The vocabulary is read while operators are bound and weights are mapped.
  std::future<TokenizerResult> tokenizer;
  if (options.need_tokenizer)
    tokenizer = std::async(std::launch::async, [source = &out->workspace_->source()] { return load_tokenizer(*source); });
  out->bound_ = KT_TRY(bind_rules(registry, out->workspace_->graph(), options));
  out->warnings_ = out->bound_.warnings;
  KT_TRY(out->load(registry, options));
  if (tokenizer.valid()) out->tokenizer_ = KT_TRY(tokenizer.get());
  out->load_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

Status Runtime::load(const Registry& registry, const RuntimeOptions& options) {
  LoadOptions load;
  load.threads = options.threads > 0 ? options.threads : ThreadTeam::available_processors();
  load.max_tokens = chunk_size(options.batch, context_);
  load.max_outputs = std::min(load.max_tokens, kMaxOutputs);
  load.max_segments = options.sequences;
  load.duplicate_weights = options.duplicate_weights;
  load.progress = options.progress;
  const auto binding_in = [this](KtPhase phase) { return [this, phase](const Node& node) { return bound_.find(node, phase); }; };
  executable_ = KT_TRY(Executable::load(workspace_->graph(), binding_in(KT_PREFILL), binding_in(KT_DECODE), registry,
                                        workspace_->names(), *workspace_->source().weights, load));
  KvOptions cache;
  cache.page_size = kPageSize;
  cache.tokens = int64_t{(context_ + kPageSize - 1) / kPageSize * kPageSize} * options.sequences;
  cache.max_sequences = options.sequences;
  cache.dtype = cache_dtype(options.cache_type, *executable_);
  pool_ = std::make_unique<KvPool>(KT_TRY(KvPool::create(workspace_->graph().states, cache, executable_->state_devices())));
  return {};
}

}  // namespace kt::core
