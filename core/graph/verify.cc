#include "core/graph/verify.h"

#include <set>

namespace kt::core {
namespace {

Error broken(const Node& node, const std::string& what) { return fail(613, "graph: node '" + node.name + "' " + what); }

// Values visible inside a body are those of the enclosing scopes before it; afterwards only its outputs remain.
Status verify_body(const Graph& graph, const Node& module, std::set<KtValue> visible) {
  for (const auto& node : module.body) {
    for (const KtValue input : node->inputs)
      if (!visible.contains(input)) return broken(*node, "uses '" + graph.value(input).name + "', which is not visible there");
    if (node->is_module) KT_TRY(verify_body(graph, *node, visible));
    for (const KtValue output : node->outputs) visible.insert(output);
  }
  for (const KtValue output : module.outputs)
    if (!visible.contains(output)) return broken(module, "ends in '" + graph.value(output).name + "', which its body does not produce");
  return {};
}

}  // namespace

Status verify(const Graph& graph) {
  if (graph.outputs.empty()) return fail(613, "graph: no output");
  std::set<KtValue> visible;
  for (const auto& [name, value] : graph.inputs) visible.insert(value);
  KT_TRY(verify_body(graph, *graph.root, visible));
  for (const auto& node : graph.root->body) visible.insert(node->outputs.begin(), node->outputs.end());
  for (const auto& [name, value] : graph.outputs)
    if (!visible.contains(value)) return fail(613, "graph: output '" + name + "' is not produced at the top level");
  return {};
}

}  // namespace kt::core
