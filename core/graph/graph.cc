#include "core/graph/graph.h"

#include <charconv>

namespace kt::core {
namespace {

void collect(const Node& node, std::vector<const Node*>& out) {
  out.push_back(&node);
  for (const auto& child : node.body) collect(*child, out);
}

}  // namespace

int Node::layer() const {
  constexpr std::string_view kKey = "layers.";
  const size_t at = name.find(kKey);
  if (at == std::string::npos || (at > 0 && name[at - 1] != '.')) return -1;
  int layer = -1;
  std::from_chars(name.data() + at + kKey.size(), name.data() + name.size(), layer);
  return layer;
}

const Node* Graph::find(std::string_view name) const {
  for (const Node* node : nodes())
    if (node->name == name) return node;
  return nullptr;
}

std::vector<const Node*> Graph::nodes() const {
  std::vector<const Node*> out;
  if (root)
    for (const auto& child : root->body) collect(*child, out);
  return out;
}

}  // namespace kt::core
