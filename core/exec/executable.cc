#include "core/exec/executable.h"

#include <algorithm>
#include <set>

namespace kt::core {
namespace {

// Makes operators and weights once for both phases: a step bound alike in both shares its instance.
class Loader {
 public:
  Loader(const Registry& registry, const NameTable& names, const WeightStore& store, const LoadOptions& options, size_t steps)
      : registry_(registry), names_(names), store_(store), options_(options), total_steps_(steps) {}

  Result<std::vector<std::shared_ptr<OperatorInstance>>> instances_of(const Plan& plan) {
    std::vector<std::shared_ptr<OperatorInstance>> out;
    for (const Step& step : plan.steps) {
      out.push_back(KT_TRY(instance(*step.node, step.binding)));
      if (options_.progress) options_.progress(static_cast<double>(++done_steps_) / static_cast<double>(total_steps_));
    }
    return out;
  }

  const MemoryUse& memory() const { return memory_; }

 private:
  Result<std::shared_ptr<OperatorInstance>> instance(const Node& node, const StepBinding& binding) {
    for (const auto& [known, made] : made_[&node])
      if (known == binding) return made;
    std::shared_ptr<OperatorInstance> out = KT_TRY(OperatorInstance::create(registry_, node, binding));
    std::vector<std::shared_ptr<LoadedWeight>> weights;
    for (const WeightSpec& spec : node.weights) weights.push_back(KT_TRY(weight(spec)));
    KT_TRY(out->prepare(std::move(weights)));
    made_[&node].emplace_back(binding, out);
    return out;
  }

  Result<std::shared_ptr<LoadedWeight>> weight(const WeightSpec& spec) {
    // Operators see the name relative to their node, so a module and a node of its body need two views of one weight.
    std::shared_ptr<LoadedWeight>& slot = weights_[{spec.canonical, spec.parameter}];
    if (slot) return slot;
    const WeightSource source = KT_TRY(names_.find(spec, store_));
    slot = KT_TRY(LoadedWeight::load(spec, source, store_));
    memory_.copies += slot->copied_bytes();
    for (const TensorEntry* tensor : source.tensors)
      if (counted_.insert(tensor).second) memory_.weights += tensor->bytes;
    return slot;
  }

  const Registry& registry_;
  const NameTable& names_;
  const WeightStore& store_;
  const LoadOptions& options_;
  size_t total_steps_, done_steps_ = 0;
  std::map<const Node*, std::vector<std::pair<StepBinding, std::shared_ptr<OperatorInstance>>>> made_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<LoadedWeight>> weights_;
  std::set<const TensorEntry*> counted_;
  MemoryUse memory_;
};

}  // namespace

Result<std::unique_ptr<Executable>> Executable::load(const Graph& graph, const BindingOf& prefill, const BindingOf& decode, const Registry& registry,
                                                     const NameTable& names, const WeightStore& store, const LoadOptions& options) {
  std::unique_ptr<Executable> out(new Executable());
  out->options_ = options;
  const ShapeBucket prefill_bucket{options.max_tokens, options.max_outputs};
  const int32_t decode_tokens = std::min(options.max_tokens, kDecodeRows * options.max_segments);
  const ShapeBucket decode_bucket{decode_tokens, std::min(options.max_outputs, decode_tokens)};
  Plan prefill_plan = KT_TRY(make_plan(graph, prefill, KT_PREFILL, prefill_bucket));
  Plan decode_plan = KT_TRY(make_plan(graph, decode, KT_DECODE, decode_bucket));
  const auto& logits = prefill_plan.values[static_cast<size_t>(prefill_plan.outputs.front().second)];
  out->vocab_size_ = logits.shape.back();

  Loader loader(registry, names, store, options, prefill_plan.steps.size() + decode_plan.steps.size());
  auto prefill_instances = KT_TRY(loader.instances_of(prefill_plan));
  auto decode_instances = KT_TRY(loader.instances_of(decode_plan));
  out->memory_ = loader.memory();
  out->prefill_ = std::make_unique<PhaseRunner>(std::move(prefill_plan), std::move(prefill_instances));
  out->decode_ = std::make_unique<PhaseRunner>(std::move(decode_plan), std::move(decode_instances));

  const int32_t threads = std::max(1, options.threads);
  const uint64_t scratch = std::max(out->prefill_->scratch_size(threads), out->decode_->scratch_size(threads));
  out->arena_ = KT_TRY(Buffer::allocate(std::max(out->prefill_->arena_bytes(), out->decode_->arena_bytes())));
  out->scratch_ = KT_TRY(Buffer::allocate(scratch));
  out->memory_.work = out->arena_.size() + out->scratch_.size();
  out->team_ = std::make_unique<ThreadTeam>(threads);
  for (PhaseRunner* runner : {out->prefill_.get(), out->decode_.get()})
    runner->attach(out->arena_.data(), out->scratch_.data(), scratch, *out->team_);
  out->arrays_.reserve(options.max_tokens, options.max_segments, graph.states.size());
  return out;
}

Status Executable::check(const Batch& batch, const KvPool& pool) const {
  const auto bad = [](const std::string& what) { return fail(11, "batch: " + what); };
  if (batch.tokens.empty() || batch.tokens.size() > static_cast<size_t>(options_.max_tokens))
    return bad("has " + std::to_string(batch.tokens.size()) + " rows, at most " + std::to_string(options_.max_tokens));
  if (batch.output_rows.size() > static_cast<size_t>(options_.max_outputs)) return bad("asks for too many rows of logits");
  if (batch.segments.size() > static_cast<size_t>(options_.max_segments)) return bad("has too many sequences");
  size_t rows = 0;
  for (const Segment& segment : batch.segments) {
    if (segment.count <= 0) return bad("a segment is empty");
    if (segment.first_position != pool.length(segment.sequence)) return bad("a segment does not continue its sequence");
    rows += static_cast<size_t>(segment.count);
  }
  if (rows != batch.tokens.size()) return bad("the segments do not cover its rows");
  for (const int32_t token : batch.tokens)
    if (token < 0 || token >= vocab_size_) return bad("token " + std::to_string(token) + " lies outside the vocabulary of " + std::to_string(vocab_size_));
  for (const int32_t row : batch.output_rows)
    if (row < 0 || static_cast<size_t>(row) >= rows) return bad("output row " + std::to_string(row) + " does not exist");
  return {};
}

Result<std::span<const float>> Executable::run(const Batch& batch, KvPool& pool) {
  KT_TRY(check(batch, pool));
  int32_t longest = 0;
  for (const Segment& segment : batch.segments) {
    KT_TRY(pool.reserve(segment.sequence, segment.first_position + segment.count));
    longest = std::max(longest, segment.count);
  }
  const bool decode = longest <= kDecodeRows;
  arrays_.fill(batch, pool, decode ? KT_DECODE : KT_PREFILL);
  const auto logits = KT_TRY((decode ? *decode_ : *prefill_).run(batch, arrays_, pool));
  for (const Segment& segment : batch.segments) pool.commit(segment.sequence, segment.first_position + segment.count);
  return logits;
}

std::map<std::string, uint64_t> Executable::executed_steps() const {
  std::map<std::string, uint64_t> counts;
  prefill_->count_steps(counts);
  decode_->count_steps(counts);
  return counts;
}

}  // namespace kt::core
