#include "core/conformance/operator.h"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <new>

#include "core/plugin/host.h"
#include "core/plugin/options.h"
#include "core/conformance/team.h"

namespace kt::conformance {
namespace {

// The shape of a value for the rows of a batch; rows asked for are those of the input that says which.
std::vector<int64_t> actual_shape(const core::Value& value, int64_t tokens, int64_t outputs) {
  std::vector<int64_t> out = value.shape;
  for (int64_t& dim : out) {
    if (dim == KT_DIM_TOKENS) dim = tokens;
    if (dim == KT_DIM_OUTPUTS) dim = outputs;
  }
  return out;
}

// Scratch memory that ends in bytes which must stay as they are.
class Scratch {
 public:
  Scratch(uint64_t size, unsigned char content)
      : size_(size), memory_(static_cast<unsigned char*>(::operator new(size + kTail, std::align_val_t(64)))) {
    std::memset(memory_, content, size);
    std::memset(memory_ + size, kMark, kTail);
  }
  ~Scratch() { ::operator delete(memory_, std::align_val_t(64)); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void* data() const { return memory_; }
  bool tail_is_untouched() const {
    for (uint64_t i = 0; i < kTail; ++i)
      if (memory_[size_ + i] != kMark) return false;
    return true;
  }

 private:
  static constexpr uint64_t kTail = 256;
  static constexpr unsigned char kMark = 0xA5;
  uint64_t size_;
  unsigned char* memory_;
};

}  // namespace

std::vector<HostWeight> weights_of(const core::Node& node, const std::map<std::string, HostWeight>& all) {
  std::vector<HostWeight> out;
  for (const core::WeightSpec& spec : node.weights) out.push_back(all.at(spec.canonical));
  return out;
}

core::Result<std::unique_ptr<Operator>> Operator::make(const core::OperatorEntry& entry, const core::Node& node,
                                                       const core::OptionValues& options, std::vector<HostWeight> weights) {
  std::unique_ptr<Operator> out(new Operator(entry, node));
  const KtHost& host = core::host_table();
  const KtOptions values{options};
  KT_TRY(core::plugin_status(entry.def->create(&host, reinterpret_cast<const KtNode*>(&node), &values, &out->self_), "create"));
  out->weights_ = std::move(weights);
  if (entry.def->prepare == nullptr) return out;
  std::vector<const KtWeight*> views;
  for (size_t i = 0; i < out->weights_.size(); ++i) views.push_back(&out->weights_[i].view(node.weights[i].parameter));
  KT_TRY(
      core::plugin_status(entry.def->prepare(out->self_, &host, views.data(), static_cast<uint32_t>(views.size())), "prepare"));
  return out;
}

Operator::~Operator() {
  if (self_ != nullptr) entry_.def->destroy(self_);
}

core::Result<RunResult> Operator::run(const std::vector<Data>& inputs, const HostBatch& batch, HostState* state,
                                      const RunSetup& setup) {
  int64_t asked = 0;
  std::deque<StridedTensor> in, out;
  std::vector<const KtTensor*> in_views, out_views;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (const auto& shape = node_.graph->value(node_.inputs[i]).shape; !shape.empty() && shape[0] == KT_DIM_OUTPUTS)
      asked = inputs[i].rows();
    in_views.push_back(&in.emplace_back(inputs[i], setup.gap).view());
  }
  for (const KtValue id : node_.outputs) {
    const core::Value& value = node_.graph->value(id);
    out_views.push_back(&out.emplace_back(value.dtype, actual_shape(value, batch.rows(), asked), setup.gap).view());
  }
  const uint64_t size = entry_.def->scratch_size ? entry_.def->scratch_size(self_, batch.rows(), setup.threads) : 0;
  const Scratch scratch(size, setup.scratch);
  Team team(setup.threads);
  KtCall call{sizeof(KtCall),
              static_cast<uint32_t>(in_views.size()),
              in_views.data(),
              static_cast<uint32_t>(out_views.size()),
              0,
              out_views.data(),
              &batch.view(),
              state ? &state->view(batch) : nullptr,
              scratch.data(),
              size,
              nullptr,
              &team};
  KT_TRY(core::plugin_status(entry_.def->run(self_, &core::host_table(), &call), "run"));
  RunResult result;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (in[i].read().bytes != inputs[i].bytes || !in[i].gaps_are_untouched())
      result.damage = "input " + std::to_string(i) + " was written to";
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i].gaps_are_untouched())
      result.damage = "memory between the rows of output " + std::to_string(i) + " was written to";
    result.outputs.push_back(out[i].read());
  }
  if (!scratch.tail_is_untouched())
    result.damage = "memory behind the scratch of " + std::to_string(size) + " bytes was written to";
  return result;
}

}  // namespace kt::conformance
