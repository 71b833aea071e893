#include "core/exec/operator_instance.h"

#include "core/plugin/host.h"

namespace kt::core {
Result<std::unique_ptr<OperatorInstance>> OperatorInstance::create(const Registry& registry, const Node& node,
                                                                   const StepBinding& binding) {
  const OperatorEntry* entry = registry.entry(binding.operator_name);
  if (!entry) return fail(616, "operator '" + binding.operator_name + "' is not loaded", "kt plugins ls shows what is");
  std::unique_ptr<OperatorInstance> out(new OperatorInstance());
  out->node_ = node.name;
  out->label_ = "operator " + binding.operator_name + " at " + node.name;
  out->library_ = entry->library;
  out->def_ = entry->def;
  const KtOptions options{binding.options};
  const PluginCall call(out->facts("creating"));
  KT_TRY(plugin_status(entry->def->create(&host_table(), reinterpret_cast<const KtNode*>(&node), &options, &out->self_),
                       out->label_));
  return out;
}

OperatorInstance::~OperatorInstance() {
  if (!self_) return;
  const PluginCall call(facts("destroying"));
  def_->destroy(self_);
}

PluginCallFacts OperatorInstance::facts(const char* activity) const {
  return {activity, def_->name, library_->table().name, library_->table().version, node_.c_str()};
}

std::string OperatorInstance::full_name() const {
  const KtPlugin& plugin = library_->table();
  return std::string("operator ") + def_->name + " of plugin " + plugin.name + " " + plugin.version + " at " + node_;
}

Status OperatorInstance::prepare(std::vector<std::shared_ptr<LoadedWeight>> weights) {
  weights_ = std::move(weights);
  if (!def_->prepare) return {};
  std::vector<const KtWeight*> views;
  for (const auto& weight : weights_) views.push_back(&weight->view());
  const PluginCall call(facts("preparing"));
  return plugin_status(def_->prepare(self_, &host_table(), views.data(), static_cast<uint32_t>(views.size())), label_);
}

uint64_t OperatorInstance::scratch_size(int64_t tokens, int32_t threads) const {
  if (!def_->scratch_size) return 0;
  const PluginCall call(facts("asking for the scratch size of"));
  return def_->scratch_size(self_, tokens, threads);
}

Status OperatorInstance::run(const KtCall& call) const {
  const PluginCall marked(facts("running"));
  const KtStatus status = def_->run(self_, &host_table(), &call);
  return status == KT_OK ? Status() : plugin_status(status, label_);
}

}  // namespace kt::core
