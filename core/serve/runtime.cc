#include "core/serve/runtime.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <future>

#include "core/estimate/fit.h"
#include "core/rules/choose.h"
#include "core/serve/chat.h"

namespace kt::core {
namespace {

using TokenizerResult = Result<std::shared_ptr<const Tokenizer>>;

// Refuses before anything is loaded what would not fit.
Status check_memory(const Workspace& workspace, const BoundGraph& bound, const Registry& registry, const RunSizes& sizes) {
  const Replan plan = [&](const RunSizes& changed) { return plan_memory(workspace, bound, registry, changed); };
  const MemoryPlan memory = KT_TRY(plan(sizes));
  const MachineDescription machine = this_machine(registry.machine(), workspace.source().weights->total_bytes());
  const FitReport report = KT_TRY(check_fit(memory, machine, plan));
  return report.fits() ? Status() : Status(does_not_fit(report, machine));
}

}  // namespace

Result<BoundGraph> bind_rules(const Registry& registry, const Graph& graph, const RuntimeOptions& options) {
  return bind_rules(registry, graph, options, registry.machine());
}

Result<BoundGraph> bind_rules(const Registry& registry, const Graph& graph, const RuntimeOptions& options,
                              const Machine& machine) {
  const ChosenRules chosen =
      KT_TRY(choose_rules({options.rules, options.model, options.rule_folders, options.vars}, machine, graph, registry));
  return bind(graph, chosen.rules, registry, machine, BindOptions{.strict = options.strict});
}

Result<MemoryPlan> plan_memory(const Workspace& workspace, const BoundGraph& bound, const Registry& registry,
                               const RunSizes& sizes) {
  return plan_memory(workspace.graph(), bound, registry, sizes,
                     [&](const WeightSpec& spec) { return workspace.shared_name(spec); });
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

RunSizes Runtime::sizes(const RuntimeOptions& options) const {
  RunSizes out;
  out.threads = options.threads > 0 ? options.threads : ThreadTeam::available_processors();
  out.context = context_;
  out.batch = options.batch;
  out.sequences = options.sequences;
  out.cache_type = options.cache_type;
  return out;
}

Status Runtime::load(const Registry& registry, const RuntimeOptions& options) {
  const RunSizes run = sizes(options);
  if (options.check_memory) KT_TRY(check_memory(*workspace_, bound_, registry, run));
  LoadOptions load;
  load.threads = run.threads;
  load.max_tokens = chunk_size(run.batch, run.context);
  load.max_outputs = output_rows(load.max_tokens);
  load.max_segments = run.sequences;
  load.duplicate_weights = options.duplicate_weights;
  load.progress = options.progress;
  const auto binding_in = [this](KtPhase phase) { return [this, phase](const Node& node) { return bound_.find(node, phase); }; };
  executable_ = KT_TRY(Executable::load(workspace_->graph(), binding_in(KT_PREFILL), binding_in(KT_DECODE), registry,
                                        workspace_->names(), *workspace_->source().weights, load));
  KvOptions cache;
  cache.page_size = kPageSize;
  cache.tokens = cache_rows(context_, options.sequences);
  cache.max_sequences = options.sequences;
  cache.rollback = kDecodeRows;
  cache.dtypes =
      KT_TRY(cache_dtypes(options.cache_type, workspace_->graph(), executable_->plan(KT_PREFILL), executable_->plan(KT_DECODE)));
  pool_ = std::make_unique<KvPool>(KT_TRY(KvPool::create(workspace_->graph().states, cache, executable_->state_devices())));
  return {};
}

}  // namespace kt::core
