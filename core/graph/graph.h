// The graph of a model: a tree of modules whose leaves are primitives, over values with symbolic shapes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"
#include "kt/abi.h"

namespace kt::core {

using Attribute = std::variant<int64_t, double, std::string, std::vector<float>>;

// A value that flows between nodes. Dimensions may be KT_DIM_TOKENS or KT_DIM_OUTPUTS, in dimension 0 only.
struct Value {
  int32_t dtype = KT_F32;
  std::vector<int64_t> shape;
  std::string name;  // "tokens" for a graph input, else "<node>:<output>"
};

// A parameter of a node: name within the node ("weight") and the shape the graph expects.
struct WeightSpec {
  std::string parameter;  // relative to the node: "weight"; for a module "gate_proj.weight"
  std::string canonical;  // dotted name in the model: "model.layers.3.mlp.gate_proj.weight"
  std::vector<int64_t> shape;
  int32_t dtype = KT_F32;  // format of its values in the files; set when the graph is joined with them
};

// Paged key/value rows that a sequence keeps between runs. value_dim 0: values are the first dims of the keys.
struct StateSpec {
  std::string name;
  int64_t heads = 0, key_dim = 0, value_dim = 0;
  int64_t window = 0;  // positions further back than this are never read; 0: unlimited
};

struct Node {
  std::string name;        // full dotted name; "" for the root
  std::string class_name;  // "Linear", "MoeExperts", ...
  std::map<std::string, Attribute, std::less<>> attributes;
  std::vector<KtValue> inputs;
  std::vector<KtValue> outputs;  // of a module: the values its body ends in
  std::vector<WeightSpec> own_weights;
  std::vector<WeightSpec> weights;  // own and those of the body, in order of the walk
  KtState state = -1;
  bool is_module = false;
  std::vector<std::unique_ptr<Node>> body;
  const Node* parent = nullptr;
  const struct Graph* graph = nullptr;

  int layer() const;  // N of "...layers.N...", or -1
};

struct Graph {
  std::string architecture;
  std::vector<Value> values;
  std::vector<StateSpec> states;
  std::vector<std::pair<std::string, KtValue>> inputs;
  std::vector<std::pair<std::string, KtValue>> outputs;
  std::unique_ptr<Node> root;  // class "Root", its body is the model

  Graph() = default;
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const Value& value(KtValue id) const { return values[static_cast<size_t>(id)]; }
  const Node* find(std::string_view name) const;
  // All nodes in pre-order, modules before their bodies.
  std::vector<const Node*> nodes() const;
};

// What core knows about a class of node: its contract in words and its shape function.
struct NodeClass {
  std::string name;
  std::string inputs;   // "x [tokens, in]"
  std::string outputs;  // "y [tokens, out]"
  std::string help;
  bool primitive = true;
  uint32_t output_count = 1;
  // Fills graph.values of node.outputs from inputs and attributes (outputs are already created, f32 by default).
  std::function<Status(Graph&, Node&)> shape;
};

}  // namespace kt::core
