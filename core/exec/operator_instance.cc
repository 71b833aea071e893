#include "core/exec/operator_instance.h"

#include <atomic>

#include "core/plugin/host.h"

namespace kt::core {
namespace {

std::atomic<const char*> g_running{nullptr};  // a signal handler can reach nothing but what is global

}  // namespace

const char* running_operator() { return g_running.load(std::memory_order_relaxed); }

Result<std::unique_ptr<OperatorInstance>> OperatorInstance::create(const Registry& registry, const Node& node,
                                                                   const StepBinding& binding) {
  const OperatorEntry* entry = registry.entry(binding.operator_name);
  if (!entry) return fail(616, "operator '" + binding.operator_name + "' is not loaded", "kt plugins ls shows what is");
  std::unique_ptr<OperatorInstance> out(new OperatorInstance());
  out->label_ = "operator " + binding.operator_name + " at " + node.name;
  out->library_ = entry->library;
  out->def_ = entry->def;
  const KtOptions options{binding.options};
  KT_TRY(plugin_status(entry->def->create(&host_table(), reinterpret_cast<const KtNode*>(&node), &options, &out->self_),
                       out->label_));
  return out;
}

OperatorInstance::~OperatorInstance() {
  if (self_) def_->destroy(self_);
}

Status OperatorInstance::prepare(std::vector<std::shared_ptr<LoadedWeight>> weights) {
  weights_ = std::move(weights);
  if (!def_->prepare) return {};
  std::vector<const KtWeight*> views;
  for (const auto& weight : weights_) views.push_back(&weight->view());
  return plugin_status(def_->prepare(self_, &host_table(), views.data(), static_cast<uint32_t>(views.size())), label_);
}

uint64_t OperatorInstance::scratch_size(int64_t tokens, int32_t threads) const {
  return def_->scratch_size ? def_->scratch_size(self_, tokens, threads) : 0;
}

Status OperatorInstance::run(const KtCall& call) const {
  g_running.store(label_.c_str(), std::memory_order_relaxed);
  const KtStatus status = def_->run(self_, &host_table(), &call);
  g_running.store(nullptr, std::memory_order_relaxed);
  return status == KT_OK ? Status() : plugin_status(status, label_);
}

}  // namespace kt::core
