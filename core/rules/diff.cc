#include "core/rules/diff.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/rules/fold_names.h"
#include "core/tensor/shape.h"

namespace kt::core {
namespace {

class Differ {
 public:
  Differ(const BoundGraph& before, const BoundGraph& after, KtPhase phase, std::vector<NodeChange>& out)
      : before_(before), after_(after), phase_(phase), out_(out) {}

  void visit(const Node& node) {
    const NodeBinding *a = before_.how(node, phase_), *b = after_.how(node, phase_);
    if (!a || !b) return;  // a view
    if (a->expanded && b->expanded) {
      for (const auto& child : node.body) visit(*child);
    } else if (a->expanded != b->expanded || !(a->step == b->step)) {
      out_.push_back({&node, phase_, a, b});
    }
  }

 private:
  const BoundGraph &before_, &after_;
  const KtPhase phase_;
  std::vector<NodeChange>& out_;
};

// What a change is, but for the node.
auto kind_of(const NodeChange& change) {
  const auto side = [](const NodeBinding& b) {
    return std::tuple(b.expanded, b.step.operator_name, b.step.device, b.step.options);
  };
  return std::tuple(change.node->class_name, side(*change.before), side(*change.after));
}

// The devices on which a node's own weights are read: where it, or the module around it that runs as a whole, is.
std::set<std::string> devices_of(const BoundGraph& bound, const Node& node) {
  std::set<std::string> out;
  for (const KtPhase phase : kBoundPhases)
    for (const Node* at = &node; at; at = at->parent)
      if (const NodeBinding* how = bound.how(*at, phase)) {
        out.insert(how->step.device);
        break;
      }
  return out;
}

}  // namespace

std::vector<NodeChange> diff_bindings(const Graph& graph, const BoundGraph& before, const BoundGraph& after) {
  std::vector<NodeChange> out;
  for (const KtPhase phase : kBoundPhases)
    for (const auto& node : graph.root->body) Differ(before, after, phase, out).visit(*node);
  return out;
}

std::vector<FoldedChange> fold_changes(const std::vector<NodeChange>& changes) {
  // Nodes with one kind of change in the same phases are folded together.
  using Kind = decltype(kind_of(changes[0]));
  std::map<const Node*, std::map<Kind, std::pair<bool, bool>>> phases;
  for (const NodeChange& change : changes) {
    auto& [prefill, decode] = phases[change.node][kind_of(change)];
    (change.phase == KT_PREFILL ? prefill : decode) = true;
  }
  struct Group {
    const NodeChange* first;
    std::pair<bool, bool> phases;
    std::vector<std::string> names;
  };
  std::vector<Group> groups;
  std::map<std::pair<Kind, std::pair<bool, bool>>, size_t> index;
  for (const NodeChange& change : changes) {
    const std::pair<bool, bool> in = phases[change.node][kind_of(change)];
    if (in.first && change.phase != KT_PREFILL) continue;  // it stands there already
    const auto [it, made] = index.try_emplace({kind_of(change), in}, groups.size());
    if (made) groups.push_back({&change, in, {}});
    groups[it->second].names.push_back(change.node->name);
  }
  std::vector<FoldedChange> out;
  for (const Group& group : groups)
    for (FoldedName& name : fold_names(group.names))
      out.push_back({std::move(name.text), group.first->node->class_name, name.count, group.phases.first, group.phases.second,
                     group.first->before, group.first->after});
  return out;
}

std::vector<WeightMove> moved_weights(const Graph& graph, const BoundGraph& before, const BoundGraph& after) {
  std::map<std::pair<std::string, std::string>, uint64_t> bytes;
  std::set<std::string> counted;
  for (const Node* node : graph.nodes()) {
    if (node->own_weights.empty()) continue;
    const std::set<std::string> from = devices_of(before, *node), to = devices_of(after, *node);
    if (from.empty()) continue;
    for (const std::string& device : to) {
      if (from.contains(device)) continue;
      for (const WeightSpec& weight : node->own_weights)
        if (counted.insert(device + " " + weight.canonical).second)
          bytes[{*from.begin(), device}] += tensor_bytes(weight.dtype, weight.shape).value_or(0);
    }
  }
  std::vector<WeightMove> out;
  for (const auto& [way, count] : bytes) out.push_back({way.first, way.second, count});
  return out;
}

}  // namespace kt::core
