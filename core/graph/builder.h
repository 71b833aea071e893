// Builds a Graph node by node; every node is checked by its class's shape function as it is finished.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/graph/classes.h"
#include "core/graph/graph.h"

namespace kt::core {

class GraphBuilder {
 public:
  explicit GraphBuilder(const ClassTable& classes);

  // A node starts with begin(); inputs, attributes, weights and state follow; end() finishes a primitive,
  // begin_body() .. end_body() finishes a module. Names are relative to the enclosing module.
  Status begin(std::string_view name, std::string_view class_name);
  Status input(KtValue value);
  Status attribute(std::string_view key, Attribute value);
  Status weight(std::string_view parameter, std::vector<int64_t> shape);
  Status state(KtState state);
  Result<std::vector<KtValue>> end();
  Status begin_body();
  Status end_body(const std::vector<KtValue>& outputs);

  Result<KtState> paged_state(StateSpec spec);
  // "tokens", "positions" i32 [T] or "output_rows" i32 [O].
  Result<KtValue> graph_input(std::string_view name);
  Status graph_output(std::string_view name, KtValue value);
  Result<const Value*> value(KtValue id) const;

  // Verifies the whole graph and hands it over.
  Result<std::unique_ptr<Graph>> finish();

 private:
  Status need_open_node(const char* what) const;
  Status check_value(KtValue value) const;
  std::string full_name(std::string_view name) const;

  const ClassTable& classes_;
  std::unique_ptr<Graph> graph_;
  std::vector<Node*> scopes_;       // modules whose body is open, outermost first
  std::vector<Node*> pending_;      // nodes begun but not finished; the last is current
  std::unordered_set<std::string> names_;
};

}  // namespace kt::core
