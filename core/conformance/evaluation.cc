#include "core/conformance/evaluation.h"

#include <stdexcept>

#include "core/conformance/operator.h"

namespace kt::conformance {
namespace {

core::Result<const core::OperatorEntry*> oracle(const core::Registry& registry, const std::string& class_name) {
  for (const core::OperatorInfo* info : registry.all())
    if (info->plugin == "ref" && info->implements == class_name) return registry.entry(info->name);
  return core::fail(901, "the plugin ref has no operator for " + class_name, "is libkt_ref.so among the plugins?");
}

}  // namespace

core::Result<Evaluation> Evaluation::make(const core::Registry& registry, const BuiltCase& built, const std::vector<Data>& inputs,
                                          const std::vector<SegmentShape>& segments) {
  Evaluation out;
  out.registry_ = &registry;
  out.built_ = &built;
  out.batch_ = std::make_unique<HostBatch>(segments);
  out.state_ = built.state;
  for (size_t i = 0; i < inputs.size(); ++i) out.values_[built.node->inputs[i]] = inputs[i];
  KT_TRY(out.run(*built.node));
  return out;
}

core::Status Evaluation::run(const core::Node& node) {
  if (node.is_module) {
    for (const auto& child : node.body) KT_TRY(run(*child));
    return {};
  }
  const core::OperatorEntry* entry = KT_TRY(oracle(*registry_, node.class_name));
  const auto op = KT_TRY(Operator::make(*entry, node, {}, weights_of(node, built_->weights)));
  std::vector<Data> inputs;
  for (const KtValue id : node.inputs) inputs.push_back(values_.at(id));
  RunResult result = KT_TRY(op->run(inputs, *batch_, node.state >= 0 ? &*state_ : nullptr, {}));
  for (size_t i = 0; i < node.outputs.size(); ++i) values_[node.outputs[i]] = std::move(result.outputs[i]);
  return {};
}

const core::Node& Evaluation::inner(const std::string& name) const {
  if (name.empty()) return node();
  const core::Node* found = built_->graph->find(node().name + "." + name);
  if (found == nullptr) throw std::logic_error("the case has no inner node '" + name + "'");
  return *found;
}

Data Evaluation::with_absolute_weights(const core::Node& primitive, const std::vector<Data>& inputs) const {
  std::vector<HostWeight> weights;
  for (const HostWeight& weight : weights_of(primitive, built_->weights)) weights.push_back(HostWeight::absolute(weight));
  const auto entry = oracle(*registry_, primitive.class_name);
  auto op = Operator::make(**entry, primitive, {}, std::move(weights));
  if (!op.ok()) throw std::logic_error(op.error().message);
  auto result = (*op)->run(inputs, *batch_, nullptr, {});
  if (!result.ok()) throw std::logic_error(result.error().message);
  return result->outputs[0];
}

}  // namespace kt::conformance
