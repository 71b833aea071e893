// Which nodes of a graph a `match` holds for, and why it does not.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/graph/graph.h"
#include "core/rules/rule_set.h"

namespace kt::core {

// "deepseek_v3" and "DeepseekV3ForCausalLM" name one architecture.
bool same_architecture(std::string_view written, std::string_view architecture);

// Slices and changes of shape: no operator computes them, so rules do not see them.
bool is_view(const Node& node);

class Matcher {
 public:
  explicit Matcher(const Graph& graph);

  const std::vector<const Node*>& nodes() const { return nodes_; }  // in order of the walk, without views
  bool has_class(std::string_view name) const;
  std::vector<std::string> classes() const;

  // Whether all keys but `phase` hold.
  bool holds(const Match& match, const Node& node) const;
  // The node that a match counts: the node itself, or with `within` the module around it.
  const Node* anchor(const Match& match, const Node& node) const;

  // The keys that are given, each with whether it holds and what the node has: {"name", true, ""}.
  struct Key {
    std::string key;
    bool holds = false;
    std::string found;
  };
  std::vector<Key> keys(const Match& match, const Node& node) const;

  // For a match that holds nowhere: where it comes nearest, in words.
  std::string near_miss(const Match& match) const;

 private:
  bool name_holds(const Match& match, const Node& node) const;
  bool class_holds(const Match& match, const Node& node) const;
  std::string near_names(const Pattern& pattern) const;

  const Graph& graph_;
  std::vector<const Node*> nodes_;
  std::unordered_map<std::string, int> class_counts_;
  int layer_count_ = 0;
};

// Weights of a node and its body, in elements; the type of the largest.
double parameter_count(const Node& node);
std::string weight_type(const Node& node);

}  // namespace kt::core
