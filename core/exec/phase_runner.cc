#include "core/exec/phase_runner.h"

#include <algorithm>
#include <cstring>

namespace kt::core {

PhaseRunner::PhaseRunner(Plan plan, std::vector<std::shared_ptr<OperatorInstance>> instances)
    : plan_(std::move(plan)), instances_(std::move(instances)), tensors_(plan_.values.size()), calls_(plan_.steps.size()) {}

uint64_t PhaseRunner::scratch_size(int32_t threads) const {
  uint64_t most = 0;
  for (const auto& instance : instances_) most = std::max(most, instance->scratch_size(plan_.bucket.tokens, threads));
  return most;
}

uint64_t PhaseRunner::arena_bytes() const {
  const auto it = plan_.arena_bytes.find("cpu");
  return it == plan_.arena_bytes.end() ? 0 : it->second;
}

void PhaseRunner::make_tensor(KtValue id) {
  const ValuePlan& place = plan_.storage[static_cast<size_t>(id)];
  if (place.root < 0) return;
  const Value& value = plan_.values[static_cast<size_t>(id)];
  KtTensor& t = tensors_[static_cast<size_t>(id)];
  t = KtTensor{};
  t.struct_size = sizeof t;
  t.dtype = value.dtype;
  t.rank = static_cast<int32_t>(value.shape.size());
  t.device = {"cpu", 0, 0};
  t.data = arena_ + plan_.storage[static_cast<size_t>(place.root)].offset;
  t.offset = static_cast<uint64_t>(place.first_element) * sizeof(float);
  for (size_t d = 0; d < value.shape.size(); ++d) {
    t.shape[d] = value.shape[d];
    t.stride[d] = place.stride[d];
    if (value.shape[d] < 0) row_counts_.push_back({&t.shape[d], value.shape[d]});
  }
}

void PhaseRunner::make_call(size_t index) {
  const Step& step = plan_.steps[index];
  Call& c = calls_[index];
  for (const KtValue input : step.inputs) c.inputs.push_back(&tensors_[static_cast<size_t>(input)]);
  for (const KtValue output : step.outputs) c.outputs.push_back(&tensors_[static_cast<size_t>(output)]);
  c.call.struct_size = sizeof(KtCall);
  c.call.input_count = static_cast<uint32_t>(c.inputs.size());
  c.call.inputs = c.inputs.data();
  c.call.output_count = static_cast<uint32_t>(c.outputs.size());
  c.call.outputs = c.outputs.data();
  if (step.node->state >= 0) c.call.state = &c.state;
}

void PhaseRunner::attach(std::byte* arena, std::byte* scratch, uint64_t scratch_size, KtCallContext& team) {
  arena_ = arena;
  for (size_t v = 0; v < tensors_.size(); ++v) make_tensor(static_cast<KtValue>(v));
  for (size_t i = 0; i < calls_.size(); ++i) {
    make_call(i);
    calls_[i].call.scratch = scratch;
    calls_[i].call.scratch_size = scratch_size;
    calls_[i].call.context = &team;
  }
}

void PhaseRunner::patch_rows(int64_t tokens, int64_t outputs) {
  if (tokens == tokens_ && outputs == outputs_) return;
  for (const RowCount& row : row_counts_) *row.dim = row.symbol == KT_DIM_TOKENS ? tokens : outputs;
  tokens_ = tokens;
  outputs_ = outputs;
}

void PhaseRunner::fill_inputs(const Batch& batch, const BatchArrays& arrays) {
  for (size_t v = 0; v < plan_.values.size(); ++v) {
    if (plan_.storage[v].root != static_cast<KtValue>(v)) continue;
    const std::string& name = plan_.values[v].name;
    const std::vector<int32_t>* from = name == "tokens"        ? &batch.tokens
                                       : name == "positions"   ? &arrays.positions()
                                       : name == "output_rows" ? &batch.output_rows
                                                               : nullptr;
    if (from) std::memcpy(tensors_[v].data, from->data(), from->size() * sizeof(int32_t));
  }
}

Result<std::span<const float>> PhaseRunner::run(const Batch& batch, const BatchArrays& arrays, const KvPool& pool) {
  patch_rows(static_cast<int64_t>(batch.tokens.size()), static_cast<int64_t>(batch.output_rows.size()));
  fill_inputs(batch, arrays);
  for (size_t i = 0; i < calls_.size(); ++i) {
    Call& c = calls_[i];
    if (const KtState state = plan_.steps[i].node->state; state >= 0)
      c.state = {sizeof(KtPagedState), pool.page_size(), &pool.keys(state), pool.values(state), arrays.block_table(pool.group_of(state)),
                 arrays.table_stride()};
    c.call.batch = &arrays.view();
    KT_TRY(instances_[i]->run(c.call));
  }
  ++runs_;
  const KtTensor& logits = tensors_[static_cast<size_t>(plan_.outputs.front().second)];
  const auto* data = reinterpret_cast<const float*>(static_cast<const std::byte*>(logits.data) + logits.offset);
  return std::span<const float>(data, static_cast<size_t>(logits.shape[0] * logits.shape[1]));
}

void PhaseRunner::count_steps(std::map<std::string, uint64_t>& counts) const {
  for (const Step& step : plan_.steps) counts[step.binding.operator_name] += runs_;
}

}  // namespace kt::core
