#include "core/exec/phase_runner.h"

#include <algorithm>
#include <cstring>

namespace kt::core {
namespace {

constexpr const char* kHost = "cpu";
constexpr uint64_t kElementBytes = 4;  // of every value that flows between nodes

// Bytes of a dense tensor with the rows of this run.
uint64_t dense_bytes(const KtTensor& tensor) {
  uint64_t bytes = kElementBytes;
  for (int32_t d = 0; d < tensor.rank; ++d) bytes *= static_cast<uint64_t>(tensor.shape[d]);
  return bytes;
}

std::byte* host_data(const KtTensor& tensor) { return static_cast<std::byte*>(tensor.data) + tensor.offset; }

}  // namespace

PhaseRunner::PhaseRunner(Plan plan, std::vector<std::shared_ptr<OperatorInstance>> instances)
    : plan_(std::move(plan)), instances_(std::move(instances)), tensors_(plan_.values.size()), calls_(plan_.steps.size()) {
  const auto used = [&](const char* name) {
    for (const auto& [input, value] : plan_.inputs)
      if (input == name) return value;
    return KtValue{-1};
  };
  tokens_value_ = used("tokens");
  positions_value_ = used("positions");
  output_rows_value_ = used("output_rows");
}

uint64_t PhaseRunner::scratch_size(const std::string& device, int32_t threads) const {
  uint64_t most = 0;
  for (size_t i = 0; i < instances_.size(); ++i)
    if (instances_[i] && plan_.steps[i].binding.device == device)
      most = std::max(most, instances_[i]->scratch_size(plan_.bucket.tokens, threads));
  return most;
}

uint64_t PhaseRunner::arena_bytes(const std::string& device) const {
  const auto it = plan_.arena_bytes.find(device);
  return it == plan_.arena_bytes.end() ? 0 : it->second;
}

void PhaseRunner::make_tensor(KtValue id) {
  const ValuePlan& place = plan_.storage[static_cast<size_t>(id)];
  if (place.root < 0) return;
  const Value& value = plan_.values[static_cast<size_t>(id)];
  const WorkMemory& memory = memory_.at(place.device);
  const uint64_t root_offset = plan_.storage[static_cast<size_t>(place.root)].offset;
  const uint64_t view_offset = static_cast<uint64_t>(place.first_element) * kElementBytes;
  KtTensor& t = tensors_[static_cast<size_t>(id)];
  t = KtTensor{};
  t.struct_size = sizeof t;
  t.dtype = value.dtype;
  t.rank = static_cast<int32_t>(value.shape.size());
  t.device = memory.device ? memory.device->id() : KtDevice{kHost, 0, 0};
  t.data = memory.device ? memory.arena : static_cast<std::byte*>(memory.arena) + root_offset;
  t.offset = memory.device ? root_offset + view_offset : view_offset;
  for (size_t d = 0; d < value.shape.size(); ++d) {
    t.shape[d] = value.shape[d];
    t.stride[d] = place.stride[d];
    if (value.shape[d] < 0) row_counts_.push_back({&t.shape[d], value.shape[d]});
  }
}

void PhaseRunner::make_call(size_t index, KtCallContext& team) {
  const Step& step = plan_.steps[index];
  Call& c = calls_[index];
  for (const KtValue input : step.inputs) c.inputs.push_back(&tensors_[static_cast<size_t>(input)]);
  for (const KtValue output : step.outputs) c.outputs.push_back(&tensors_[static_cast<size_t>(output)]);
  for (const std::string& device : step.waits) c.waits.push_back(memory_.at(device).device.get());
  if (!step.after.empty()) c.after = memory_.at(step.after).device.get();
  // A copy is queued on the stream of whichever end is no host.
  const std::string& from = plan_.storage[static_cast<size_t>(step.inputs.empty() ? step.outputs[0] : step.inputs[0])].device;
  const WorkMemory& memory = memory_.at(!step.node && step.binding.device == kHost ? from : step.binding.device);
  c.device = memory.device.get();
  c.to_host = step.binding.device == kHost;
  if (!step.node) return;
  c.call.struct_size = sizeof(KtCall);
  c.call.input_count = static_cast<uint32_t>(c.inputs.size());
  c.call.inputs = c.inputs.data();
  c.call.output_count = static_cast<uint32_t>(c.outputs.size());
  c.call.outputs = c.outputs.data();
  c.call.scratch = memory.scratch;
  c.call.scratch_size = memory.scratch_size;
  c.call.stream = c.device ? c.device->stream() : nullptr;
  c.call.context = &team;
  if (step.node->state >= 0) c.call.state = &c.state;
}

void PhaseRunner::attach(const std::map<std::string, WorkMemory>& memory, KtCallContext& team) {
  memory_ = memory;
  for (size_t v = 0; v < tensors_.size(); ++v) make_tensor(static_cast<KtValue>(v));
  for (size_t i = 0; i < calls_.size(); ++i) make_call(i, team);
}

void PhaseRunner::patch_rows(int64_t tokens, int64_t outputs) {
  if (tokens == tokens_ && outputs == outputs_) return;
  for (const RowCount& row : row_counts_) *row.dim = row.symbol == KT_DIM_TOKENS ? tokens : outputs;
  tokens_ = tokens;
  outputs_ = outputs;
}

void PhaseRunner::fill_inputs(const Batch& batch, const BatchArrays& arrays) {
  const auto fill = [&](KtValue value, const std::vector<int32_t>& from) {
    if (value >= 0) std::memcpy(host_data(tensors_[static_cast<size_t>(value)]), from.data(), from.size() * sizeof(int32_t));
  };
  fill(tokens_value_, batch.tokens);
  fill(positions_value_, arrays.positions());
  fill(output_rows_value_, batch.output_rows);
}

Status PhaseRunner::copy(const Call& c) {
  const KtTensor &from = *c.inputs[0], &to = *c.outputs[0];
  if (c.to_host) return c.device->copy_out(host_data(to), from.data, from.offset, dense_bytes(from));
  return c.device->copy_in(to.data, to.offset, host_data(from), dense_bytes(from));
}

Status PhaseRunner::run_step(size_t index, const BatchArrays& arrays, const KvPool& pool) {
  Call& c = calls_[index];
  for (Device* device : c.waits) KT_TRY(device->wait());
  if (c.after) KT_TRY(c.device->come_after(*c.after));
  if (!instances_[index]) return copy(c);
  if (const KtState state = plan_.steps[index].node->state; state >= 0)
    c.state = {
        sizeof(KtPagedState), pool.page_size(), &pool.keys(state), pool.values(state), arrays.block_table(pool.group_of(state)),
        arrays.table_stride()};
  c.call.batch = &arrays.view();
  return instances_[index]->run(c.call);
}

Status PhaseRunner::run_steps(const BatchArrays& arrays, const KvPool& pool) {
  for (size_t i = 0; i < calls_.size(); ++i) {
    KT_TRY(run_step(i, arrays, pool));
    ++calls_[i].executed;
  }
  return {};
}

Status PhaseRunner::run_watched_step(size_t index, const BatchArrays& arrays, const KvPool& pool) {
  KT_TRY(run_step(index, arrays, pool));
  return calls_[index].device ? calls_[index].device->wait() : Status();
}

Status PhaseRunner::run_checked_step(size_t index, const BatchArrays& arrays, const KvPool& pool) {
  const OperatorInstance* instance = instances_[index].get();
  const KtCall* on_host = instance && !calls_[index].device ? &calls_[index].call : nullptr;
  const uint64_t scratch = on_host ? instance->scratch_size(plan_.bucket.tokens, on_host->context->threads()) : 0;
  checks_->begin(instance ? instance->full_name() : "a copy", on_host, scratch);
  const Status status = run_watched_step(index, arrays, pool);
  const Status found = checks_->end(on_host);
  return status.ok() ? found : status;
}

Status PhaseRunner::run_watched_steps(const BatchArrays& arrays, const KvPool& pool) {
  if (profile_) profile_->begin_run(plan_, arrays.view(), outputs_);
  for (size_t i = 0; i < calls_.size(); ++i) {
    const auto begin = Profile::Clock::now();
    KT_TRY(checks_ ? run_checked_step(i, arrays, pool) : run_watched_step(i, arrays, pool));
    if (profile_) profile_->add_step(i, begin);
    ++calls_[i].executed;
  }
  if (profile_) profile_->end_run();
  return {};
}

// The first failure of the devices; all are waited for.
Status PhaseRunner::wait_for_devices() {
  Status first;
  for (const auto& [name, memory] : memory_) {
    if (!memory.device) continue;
    Status status = memory.device->wait();
    if (first.ok()) first = std::move(status);
  }
  return first;
}

Result<std::span<const float>> PhaseRunner::run(const Batch& batch, const BatchArrays& arrays, const KvPool& pool) {
  patch_rows(static_cast<int64_t>(batch.tokens.size()), static_cast<int64_t>(batch.output_rows.size()));
  fill_inputs(batch, arrays);
  Status status = profile_ || checks_ ? run_watched_steps(arrays, pool) : run_steps(arrays, pool);
  Status waited = wait_for_devices();
  if (!status.ok()) return status;
  if (!waited.ok()) return waited;
  const KtTensor& logits = tensors_[static_cast<size_t>(plan_.outputs.front().second)];
  return std::span<const float>(reinterpret_cast<const float*>(host_data(logits)),
                                static_cast<size_t>(logits.shape[0] * logits.shape[1]));
}

void PhaseRunner::count_steps(std::map<std::string, uint64_t>& counts) const {
  for (size_t i = 0; i < calls_.size(); ++i) counts[plan_.steps[i].binding.operator_name] += calls_[i].executed;
}

}  // namespace kt::core
