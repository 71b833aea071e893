#include "core/graph/fold.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <unordered_map>

#include "core/tensor/shape.h"

namespace kt::core {
namespace {

std::string attribute_text(const Attribute& attribute) {
  if (const auto* integer = std::get_if<int64_t>(&attribute)) return std::to_string(*integer);
  if (const auto* number = std::get_if<double>(&attribute)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&attribute)) return *text;
  std::string out;
  for (const float value : std::get<std::vector<float>>(attribute)) out += std::to_string(value) + ",";
  return out;
}

std::string relative_name(const Node& node) {
  const std::string& prefix = node.parent ? node.parent->name : node.name;
  return prefix.empty() ? node.name : node.name.substr(prefix.size() + 1);
}

// "layers.12" -> "layers.#" and 12; the name itself and -1 if no part of it is a number.
std::string name_pattern(const std::string& name, int& number) {
  number = -1;
  const size_t dot = name.rfind('.');
  const std::string last = dot == std::string::npos ? name : name.substr(dot + 1);
  const bool is_number = !last.empty() && last.size() < 9 && last.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) return name;
  number = std::atoi(last.c_str());
  return name.substr(0, name.size() - last.size()) + "#";
}

class Folder {
 public:
  // Nodes of one parent, or of parents that are alike, in order of the first.
  std::vector<FoldedNode> fold(const std::vector<const Node*>& siblings) {
    std::vector<std::string> order;
    std::map<std::string, std::vector<const Node*>> alike;
    for (const Node* node : siblings) {
      int number = -1;
      const std::string key = name_pattern(relative_name(*node), number) + "|" + std::to_string(signature(*node));
      auto& group = alike[key];
      if (group.empty()) order.push_back(key);
      group.push_back(node);
    }
    std::vector<FoldedNode> out;
    for (const std::string& key : order)
      if (alike[key][0]->is_module || !alike[key][0]->own_weights.empty()) out.push_back(folded(alike[key]));
    return out;
  }

 private:
  FoldedNode folded(const std::vector<const Node*>& nodes) {
    FoldedNode out;
    out.example = nodes[0];
    out.name = folded_name(nodes);
    out.count = static_cast<int>(nodes.size());
    std::vector<const Node*> children;
    for (const Node* node : nodes) {
      count(*node, out);
      for (const auto& child : node->body) children.push_back(child.get());
    }
    out.parts = fold(children);
    return out;
  }

  static std::string folded_name(const std::vector<const Node*>& nodes) {
    std::vector<int> numbers;
    std::string pattern;
    for (const Node* node : nodes) {
      int number = -1;
      pattern = name_pattern(relative_name(*node), number);
      if (number >= 0) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (numbers.empty()) return pattern;
    const std::string range = numbers.size() == 1 ? std::to_string(numbers[0]) : "{" + range_text(numbers) + "}";
    return pattern.substr(0, pattern.size() - 1) + range;
  }

  static void count(const Node& node, FoldedNode& out) {
    ++out.nodes;
    for (const WeightSpec& spec : node.own_weights) {
      out.bytes += tensor_bytes(spec.dtype, spec.shape).value_or(0);
      out.dtypes.insert(spec.dtype);
    }
    for (const auto& child : node.body) count(*child, out);
  }

  // A number for everything that must be alike.
  int signature(const Node& node) {
    if (const auto it = known_.find(&node); it != known_.end()) return it->second;
    std::string text = node.class_name;
    for (const auto& [key, value] : node.attributes) text += "|" + key + "=" + attribute_text(value);
    for (const WeightSpec& spec : node.own_weights) text += "|" + spec.parameter + shape_text(spec.shape);
    for (const auto& child : node.body) text += "|" + relative_name(*child) + ":" + std::to_string(signature(*child));
    const int id = ids_.try_emplace(text, static_cast<int>(ids_.size())).first->second;
    known_[&node] = id;
    return id;
  }

  std::unordered_map<const Node*, int> known_;
  std::map<std::string, int> ids_;
};

}  // namespace

std::vector<FoldedNode> fold(const Graph& graph) {
  std::vector<const Node*> top;
  for (const auto& node : graph.root->body) top.push_back(node.get());
  return Folder().fold(top);
}

std::string range_text(const std::vector<int>& numbers) {
  std::string out;
  for (size_t i = 0; i < numbers.size();) {
    size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += (out.empty() ? "" : ",") + std::to_string(numbers[i]);
    if (last > i) out += (last > i + 1 ? ".." : ",") + std::to_string(numbers[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace kt::core
