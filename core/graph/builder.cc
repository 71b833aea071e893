#include "core/graph/builder.h"

#include "core/graph/verify.h"

namespace kt::core {
namespace {

constexpr size_t kMaxNodes = 1u << 20;
constexpr size_t kMaxDepth = 32;

Error misuse(const std::string& what) { return fail(612, "building the graph: " + what); }

}  // namespace

GraphBuilder::GraphBuilder(const ClassTable& classes) : classes_(classes), graph_(std::make_unique<Graph>()) {
  graph_->root = std::make_unique<Node>();
  graph_->root->class_name = "Root";
  graph_->root->is_module = true;
  graph_->root->graph = graph_.get();
  scopes_.push_back(graph_->root.get());
}

std::string GraphBuilder::full_name(std::string_view name) const {
  const std::string& prefix = scopes_.back()->name;
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

Status GraphBuilder::need_open_node(const char* what) const {
  if (pending_.empty()) return misuse(std::string(what) + " without an open node");
  return {};
}

Status GraphBuilder::check_value(KtValue value) const {
  if (value >= 0 && static_cast<size_t>(value) < graph_->values.size()) return {};
  return misuse("value " + std::to_string(value) + " does not exist");
}

Status GraphBuilder::begin(std::string_view name, std::string_view class_name) {
  if (name.empty()) return misuse("a node of class '" + std::string(class_name) + "' has no name");
  if (!pending_.empty() && pending_.back() != scopes_.back())
    return misuse("node '" + std::string(name) + "' begins before '" + pending_.back()->name + "' ends");
  if (scopes_.size() > kMaxDepth || names_.size() > kMaxNodes) return misuse("too many nodes or levels");
  auto node = std::make_unique<Node>();
  node->name = full_name(name);
  node->class_name = class_name;
  node->parent = scopes_.back();
  node->graph = graph_.get();
  if (!classes_.find(class_name)) return misuse("node '" + node->name + "' has the unknown class '" + node->class_name + "'");
  if (!names_.insert(node->name).second) return misuse("two nodes are named '" + node->name + "'");
  pending_.push_back(node.get());
  scopes_.back()->body.push_back(std::move(node));
  return {};
}

Status GraphBuilder::input(KtValue value) {
  KT_TRY(need_open_node("an input"));
  KT_TRY(check_value(value));
  pending_.back()->inputs.push_back(value);
  return {};
}

Status GraphBuilder::attribute(std::string_view key, Attribute value) {
  KT_TRY(need_open_node("an attribute"));
  pending_.back()->attributes.insert_or_assign(std::string(key), std::move(value));
  return {};
}

Status GraphBuilder::weight(std::string_view parameter, std::vector<int64_t> shape) {
  KT_TRY(need_open_node("a weight"));
  for (const int64_t dim : shape)
    if (dim <= 0) return misuse("weight '" + std::string(parameter) + "' of '" + pending_.back()->name + "' has an empty dimension");
  Node& node = *pending_.back();
  WeightSpec spec{std::string(parameter), node.name + "." + std::string(parameter), std::move(shape)};
  node.own_weights.push_back(spec);
  node.weights.push_back(std::move(spec));
  return {};
}

Status GraphBuilder::state(KtState state) {
  KT_TRY(need_open_node("a state"));
  if (state < 0 || static_cast<size_t>(state) >= graph_->states.size()) return misuse("state " + std::to_string(state) + " does not exist");
  pending_.back()->state = state;
  return {};
}

Result<std::vector<KtValue>> GraphBuilder::end() {
  KT_TRY(need_open_node("the end of a node"));
  Node& node = *pending_.back();
  const NodeClass& node_class = *classes_.find(node.class_name);
  if (!node_class.shape) return misuse("'" + node.name + "' is a module and needs a body");
  for (uint32_t i = 0; i < node_class.output_count; ++i) {
    node.outputs.push_back(static_cast<KtValue>(graph_->values.size()));
    graph_->values.push_back(Value{KT_F32, {}, node.name + ":" + std::to_string(i)});
  }
  KT_TRY(node_class.shape(*graph_, node));
  pending_.pop_back();
  return node.outputs;
}

Status GraphBuilder::begin_body() {
  KT_TRY(need_open_node("a body"));
  pending_.back()->is_module = true;
  scopes_.push_back(pending_.back());
  return {};
}

Status GraphBuilder::end_body(const std::vector<KtValue>& outputs) {
  if (scopes_.size() < 2 || pending_.empty() || pending_.back() != scopes_.back()) return misuse("the end of a body that is not open");
  for (const KtValue value : outputs) KT_TRY(check_value(value));
  Node& module = *scopes_.back();
  module.outputs = outputs;
  for (const auto& child : module.body)
    for (const WeightSpec& spec : child->weights)
      module.weights.push_back({spec.canonical.substr(module.name.size() + 1), spec.canonical, spec.shape});
  scopes_.pop_back();
  pending_.pop_back();
  return {};
}

Result<KtState> GraphBuilder::paged_state(StateSpec spec) {
  if (spec.heads <= 0 || spec.key_dim <= 0 || spec.value_dim < 0 || spec.window < 0)
    return misuse("state '" + spec.name + "' has an empty dimension");
  graph_->states.push_back(std::move(spec));
  return static_cast<KtState>(graph_->states.size() - 1);
}

Result<KtValue> GraphBuilder::graph_input(std::string_view name) {
  for (const auto& [known, value] : graph_->inputs)
    if (known == name) return value;
  const bool per_token = name == "tokens" || name == "positions";
  if (!per_token && name != "output_rows") return misuse("unknown graph input '" + std::string(name) + "'");
  const auto id = static_cast<KtValue>(graph_->values.size());
  graph_->values.push_back(Value{KT_I32, {per_token ? KT_DIM_TOKENS : KT_DIM_OUTPUTS}, std::string(name)});
  graph_->inputs.emplace_back(name, id);
  return id;
}

Status GraphBuilder::graph_output(std::string_view name, KtValue value) {
  KT_TRY(check_value(value));
  graph_->outputs.emplace_back(name, value);
  return {};
}

Result<const Value*> GraphBuilder::value(KtValue id) const {
  KT_TRY(check_value(id));
  return &graph_->value(id);
}

Result<std::unique_ptr<Graph>> GraphBuilder::finish() {
  if (scopes_.size() != 1 || !pending_.empty()) return misuse("a node or body is still open");
  KT_TRY(verify(*graph_));
  return std::move(graph_);
}

}  // namespace kt::core
