#include "core/exec/executable.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace kt::core {
namespace {

// Makes operators and weights once for both phases: a step bound alike in both shares its instance.
class Loader {
 public:
  Loader(const Registry& registry, const NameTable& names, const WeightStore& store, const LoadOptions& options,
         DeviceSet& devices, size_t steps)
      : registry_(registry), names_(names), store_(store), options_(options), devices_(devices), total_steps_(steps) {}

  Result<std::vector<std::shared_ptr<OperatorInstance>>> instances_of(const Plan& plan) {
    std::vector<std::shared_ptr<OperatorInstance>> out;
    for (const Step& step : plan.steps) {
      out.push_back(step.node ? KT_TRY(instance(*step.node, step.binding)) : nullptr);
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
    for (const WeightSpec& spec : node.weights) weights.push_back(KT_TRY(weight(spec, binding.device)));
    KT_TRY(out->prepare(std::move(weights)));
    made_[&node].emplace_back(binding, out);
    return out;
  }

  Result<std::shared_ptr<LoadedWeight>> weight(const WeightSpec& spec, const std::string& device_name) {
    // Operators see the name relative to their node, so a module and a node of its body need two views of one weight.
    std::shared_ptr<LoadedWeight>& slot = weights_[{spec.canonical, spec.parameter, device_name}];
    if (slot) return slot;
    KT_TRY(check_home(spec, device_name));
    const WeightSource source = KT_TRY(names_.find(spec, store_));
    slot = KT_TRY(LoadedWeight::load(spec, source, store_));
    if (const std::shared_ptr<Device> device = KT_TRY(devices_.get(device_name))) KT_TRY(slot->upload(*device));
    memory_.copies += slot->copied_bytes();
    memory_.on_devices += slot->device_bytes();
    for (const TensorEntry* tensor : source.tensors)
      if (counted_.insert(tensor).second) memory_.weights += tensor->bytes;
    return slot;
  }

  // A weight lives on one device, unless that was asked for.
  Status check_home(const WeightSpec& spec, const std::string& device) {
    const std::string& home = homes_.try_emplace(spec.canonical, device).first->second;
    if (home == device || options_.duplicate_weights) return {};
    return fail(505,
                "weight '" + spec.canonical + "' would lie on " + home + " and on " + device +
                    ": the phases run its module on different devices",
                "bind both phases to one device, or allow two copies with --duplicate-weights");
  }

  const Registry& registry_;
  const NameTable& names_;
  const WeightStore& store_;
  const LoadOptions& options_;
  DeviceSet& devices_;
  size_t total_steps_, done_steps_ = 0;
  std::map<const Node*, std::vector<std::pair<StepBinding, std::shared_ptr<OperatorInstance>>>> made_;
  std::map<std::tuple<std::string, std::string, std::string>, std::shared_ptr<LoadedWeight>> weights_;
  std::map<std::string, std::string> homes_;  // of weights: their device
  std::set<const TensorEntry*> counted_;
  MemoryUse memory_;
};

}  // namespace

ShapeBucket decode_bucket(int32_t max_tokens, int32_t max_outputs, int32_t max_segments) {
  const int32_t tokens = std::min(max_tokens, kDecodeRows * max_segments);
  return {tokens, std::min(max_outputs, tokens)};
}

Result<std::unique_ptr<Executable>> Executable::load(const Graph& graph, const BindingOf& prefill, const BindingOf& decode,
                                                     const Registry& registry, const NameTable& names, const WeightStore& store,
                                                     const LoadOptions& options) {
  std::unique_ptr<Executable> out(new Executable());
  out->options_ = options;
  const ShapeBucket prefill_bucket{options.max_tokens, options.max_outputs};
  Plan prefill_plan = KT_TRY(make_plan(graph, prefill, KT_PREFILL, prefill_bucket));
  Plan decode_plan = KT_TRY(make_plan(graph, decode, KT_DECODE, decode_bucket(options.max_tokens, options.max_outputs, options.max_segments)));
  const auto& logits = prefill_plan.values[static_cast<size_t>(prefill_plan.outputs.front().second)];
  out->vocab_size_ = logits.shape.back();

  DeviceSet devices(registry);
  Loader loader(registry, names, store, options, devices, prefill_plan.steps.size() + decode_plan.steps.size());
  auto prefill_instances = KT_TRY(loader.instances_of(prefill_plan));
  auto decode_instances = KT_TRY(loader.instances_of(decode_plan));
  out->memory_ = loader.memory();
  out->prefill_ = std::make_unique<PhaseRunner>(std::move(prefill_plan), std::move(prefill_instances));
  out->decode_ = std::make_unique<PhaseRunner>(std::move(decode_plan), std::move(decode_instances));
  KT_TRY(out->place_states(graph, devices));
  out->team_ = std::make_unique<ThreadTeam>(std::max(1, options.threads));
  KT_TRY(out->make_work_memory(devices));
  out->arrays_.reserve(options.max_tokens, options.max_segments, graph.states.size());
  return out;
}

Status Executable::make_work_memory(DeviceSet& devices) {
  std::set<std::string> names = {"cpu"};
  for (const PhaseRunner* runner : {prefill_.get(), decode_.get()})
    for (const auto& [name, bytes] : runner->plan().arena_bytes) names.insert(name);
  std::map<std::string, WorkMemory> memory;
  for (const std::string& name : names) {
    const uint64_t arena = std::max(prefill_->arena_bytes(name), decode_->arena_bytes(name));
    const uint64_t scratch =
        std::max(prefill_->scratch_size(name, team_->threads()), decode_->scratch_size(name, team_->threads()));
    WorkMemory& work = memory[name];
    work.device = KT_TRY(devices.get(name));
    work.scratch_size = scratch;
    if (work.device) {
      work.arena = device_work_.emplace_back(KT_TRY(work.device->allocate(arena))).handle();
      work.scratch = device_work_.emplace_back(KT_TRY(work.device->allocate(scratch))).handle();
    } else {
      work.arena = work_.emplace_back(KT_TRY(Buffer::allocate(arena + MemoryGuard::kBytes))).data();
      work.scratch = work_.emplace_back(KT_TRY(Buffer::allocate(scratch + MemoryGuard::kBytes))).data();
    }
    memory_.work += arena + scratch;
  }
  for (PhaseRunner* runner : {prefill_.get(), decode_.get()}) runner->attach(memory, *team_);
  return {};
}

// A state lies where the operators that read it run; they must all be on one device.
Status Executable::place_states(const Graph& graph, DeviceSet& devices) {
  std::vector<const Step*> first(graph.states.size());
  for (const PhaseRunner* runner : {prefill_.get(), decode_.get()})
    for (const Step& step : runner->plan().steps) {
      if (!step.node || step.node->state < 0) continue;
      const Step*& known = first[static_cast<size_t>(step.node->state)];
      if (!known) known = &step;
      if (known->binding.device != step.binding.device)
        return fail(
            617,
            "the state of '" + step.node->name + "' would be read on " + known->binding.device + " and on " + step.binding.device,
            "bind both phases of the module to one device");
    }
  for (const Step* step : first) state_devices_.push_back(step ? KT_TRY(devices.get(step->binding.device)) : nullptr);
  return {};
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
    if (token < 0 || token >= vocab_size_)
      return bad("token " + std::to_string(token) + " lies outside the vocabulary of " + std::to_string(vocab_size_));
  for (const int32_t row : batch.output_rows)
    if (row < 0 || static_cast<size_t>(row) >= rows) return bad("output row " + std::to_string(row) + " does not exist");
  return {};
}

Result<std::span<const float>> Executable::run(const Batch& batch, KvPool& pool) {
  KT_TRY(check(batch, pool));
  auto logits = run_reserved(batch, pool);
  for (const Segment& segment : batch.segments) {
    if (logits.ok())
      pool.commit(segment.sequence, segment.first_position + segment.count);
    else
      pool.release_reserved(segment.sequence);
  }
  return logits;
}

Result<std::span<const float>> Executable::run_reserved(const Batch& batch, KvPool& pool) {
  int32_t longest = 0;
  for (const Segment& segment : batch.segments) {
    KT_TRY(pool.reserve(segment.sequence, segment.first_position + segment.count));
    longest = std::max(longest, segment.count);
  }
  const bool decode = longest <= kDecodeRows && batch.tokens.size() <= static_cast<size_t>(decode_->plan().bucket.tokens);
  arrays_.fill(batch, pool, decode ? KT_DECODE : KT_PREFILL);
  const auto logits = KT_TRY((decode ? *decode_ : *prefill_).run(batch, arrays_, pool));
  const auto bad = std::find_if(logits.begin(), logits.end(), [](float x) { return !std::isfinite(x); });
  if (bad != logits.end())
    return fail(12, "the logits of output row " + std::to_string((bad - logits.begin()) / vocab_size_) + " are no finite numbers",
                "an operator or the weights are damaged; compare with --rules base/ref.yaml");
  return logits;
}

void Executable::set_profile(Profile* profile) {
  prefill_->set_profile(profile);
  decode_->set_profile(profile);
}

void Executable::set_checks(RunCheckOptions options) {
  checks_ = options.any() ? std::make_unique<RunChecks>(std::move(options)) : nullptr;
  prefill_->set_checks(checks_.get());
  decode_->set_checks(checks_.get());
}

std::map<std::string, uint64_t> Executable::executed_steps() const {
  std::map<std::string, uint64_t> counts;
  prefill_->count_steps(counts);
  decode_->count_steps(counts);
  return counts;
}

}  // namespace kt::core
