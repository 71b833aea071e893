#include "core/estimate/group_label.h"

namespace kt::core {
namespace {

const Node* enclosing(const Node& node, std::string_view class_name) {
  for (const Node* at = &node; at; at = at->parent)
    if (at->class_name == class_name) return at;
  return nullptr;
}

// The module that stands directly in the layer, or the node itself.
const Node* part_of_layer(const Node& node) {
  const Node* part = &node;
  while (part->parent && part->parent->class_name != "DecoderLayer" && part->parent->class_name != "Model" &&
         part->parent->parent)
    part = part->parent;
  return part;
}

}  // namespace

GroupLabel group_label(const Node& node) {
  if (const Node* at = enclosing(node, "MoeExperts")) return {"routed experts", at};
  if (const Node* at = enclosing(node, "MoeGate")) return {"router", at};
  if (const Node* at = enclosing(node, "Mlp")) return {enclosing(node, "MoeBlock") ? "shared experts" : "dense MLP", at};
  for (const char* attention : {"MlaAttention", "SelfAttention"})
    if (const Node* at = enclosing(node, attention)) return {"attention", at};
  const Node* part = part_of_layer(node);
  if (part->class_name == "RmsNorm") return {"norms", nullptr};
  if (part->layer() < 0) return {"embedding, head", nullptr};
  return {part->class_name, part};
}

}  // namespace kt::core
