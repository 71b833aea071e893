// Builds the graph of a model: nodes, modules with bodies, weights and states.
#ifndef KT_MODEL_GRAPH_HPP
#define KT_MODEL_GRAPH_HPP

#include <array>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "kt/abi.h"

namespace kt {

// A value of the graph under construction.
struct Value {
  KtValue id = -1;
};

// A paged state of the graph; the default is "no state".
struct State {
  KtState id = -1;
};

struct Attribute {
  const char* key;
  std::variant<int64_t, double, const char*, std::vector<float>> value;
};

// A parameter of a node, named within the node, and the shape that the graph expects.
struct Parameter {
  const char* name;
  std::vector<int64_t> shape;
};

// One node, or the outside of a module. `name` is relative to the enclosing module and may have dots.
struct NodeSpec {
  std::string name = {};
  const char* class_name = "";
  std::vector<Value> inputs = {};
  std::vector<Attribute> attributes = {};
  std::vector<Parameter> weights = {};
  State state = {};
};

// The first failure stops all that follows and is the status of the whole; its sentence is with the host already.
class GraphBuilder {
 public:
  GraphBuilder(const KtModelHost& host, KtGraph* graph) : host_(host), graph_(graph) {}

  KtStatus status() const { return status_; }

  // "tokens" and "positions" i32 [tokens], "output_rows" i32 [outputs].
  Value input(const char* name);
  void output(const char* name, Value value) { attempt(host_.graph_output, name, value.id); }
  // Rows of keys [heads, key_dim] and values [heads, value_dim]; value_dim 0: values are the first dims of the keys.
  // window 0: unlimited.
  State paged_state(const std::string& name, int64_t heads, int64_t key_dim, int64_t value_dim, int64_t window = 0);
  // The size of the last dimension.
  int64_t width(Value value);

  // A primitive; its class's shape function gives the outputs.
  Value node(const NodeSpec& spec) { return nodes<1>(spec)[0]; }
  template <size_t N>
  std::array<Value, N> nodes(const NodeSpec& spec);
  // A module; body() builds its nodes and returns the Value, or the array of Values, that they end in.
  template <class Body>
  auto module(const NodeSpec& spec, Body&& body);

  Value embedding(const std::string& name, Value ids, int64_t vocabulary, int64_t dim);              // [T, dim]
  Value linear(const std::string& name, Value x, int64_t out, bool bias = false);                    // [..., out]
  Value rms_norm(const std::string& name, Value x, double eps);                                      // [..., dim]
  Value head_linear(const std::string& name, Value x, int64_t heads, int64_t out, bool transposed);  // [T, heads, out]
  Value expert_linear(const std::string& name, Value x, Value ids, int64_t experts, int64_t out);    // [T, k, out]
  Value split_heads(const std::string& name, Value x, int64_t heads);                                // [T, heads, dim]
  Value merge_heads(const std::string& name, Value x) { return node({name, "MergeHeads", {x}}); }
  Value slice(const std::string& name, Value x, int64_t begin, int64_t end);  // [..., end - begin]
  Value unary(const std::string& name, const char* class_name, Value x) { return node({name, class_name, {x}}); }
  Value binary(const std::string& name, const char* class_name, Value a, Value b) { return node({name, class_name, {a, b}}); }

 private:
  template <class Function, class... Arguments>
  void attempt(Function function, Arguments... arguments) {
    if (status_ == KT_OK) status_ = function(graph_, arguments...);
  }
  void begin(const NodeSpec& spec);
  void attribute(const Attribute& attribute);
  void end_body(std::span<const Value> outputs);

  const KtModelHost& host_;
  KtGraph* graph_;
  KtStatus status_ = KT_OK;
};

inline Value GraphBuilder::input(const char* name) {
  Value out;
  attempt(host_.graph_input, name, &out.id);
  return out;
}

inline State GraphBuilder::paged_state(const std::string& name, int64_t heads, int64_t key_dim, int64_t value_dim,
                                       int64_t window) {
  State out;
  attempt(host_.paged_state, name.c_str(), heads, key_dim, value_dim, window, &out.id);
  return out;
}

inline int64_t GraphBuilder::width(Value value) {
  KtTensor tensor{};
  attempt(host_.value, value.id, &tensor);
  return status_ == KT_OK && tensor.rank > 0 ? tensor.shape[tensor.rank - 1] : 1;
}

inline void GraphBuilder::attribute(const Attribute& attribute) {
  const char* key = attribute.key;
  if (const auto* integer = std::get_if<int64_t>(&attribute.value)) attempt(host_.node_int, key, *integer);
  if (const auto* number = std::get_if<double>(&attribute.value)) attempt(host_.node_float, key, *number);
  if (const auto* text = std::get_if<const char*>(&attribute.value)) attempt(host_.node_string, key, *text);
  if (const auto* values = std::get_if<std::vector<float>>(&attribute.value))
    attempt(host_.node_floats, key, values->data(), static_cast<uint64_t>(values->size()));
}

inline void GraphBuilder::begin(const NodeSpec& spec) {
  attempt(host_.node_begin, spec.name.c_str(), spec.class_name);
  for (const Value value : spec.inputs) attempt(host_.node_input, value.id);
  for (const Attribute& item : spec.attributes) attribute(item);
  for (const Parameter& weight : spec.weights)
    attempt(host_.node_weight, weight.name, weight.shape.data(), static_cast<int32_t>(weight.shape.size()));
  if (spec.state.id >= 0) attempt(host_.node_state, spec.state.id);
}

template <size_t N>
std::array<Value, N> GraphBuilder::nodes(const NodeSpec& spec) {
  begin(spec);
  std::array<KtValue, N> ids;
  ids.fill(-1);
  uint32_t count = 0;
  attempt(host_.node_end, ids.data(), static_cast<uint32_t>(N), &count);
  std::array<Value, N> out;
  for (size_t i = 0; i < N; ++i) out[i] = Value{ids[i]};
  return out;
}

inline void GraphBuilder::end_body(std::span<const Value> outputs) {
  std::vector<KtValue> ids;
  for (const Value value : outputs) ids.push_back(value.id);
  attempt(host_.body_end, static_cast<const KtValue*>(ids.data()), static_cast<uint32_t>(ids.size()));
}

template <class Body>
auto GraphBuilder::module(const NodeSpec& spec, Body&& body) {
  begin(spec);
  attempt(host_.body_begin);
  auto outputs = std::forward<Body>(body)();
  if constexpr (std::is_same_v<decltype(outputs), Value>)
    end_body({&outputs, 1});
  else
    end_body(outputs);
  return outputs;
}

inline Value GraphBuilder::embedding(const std::string& name, Value ids, int64_t vocabulary, int64_t dim) {
  return node({.name = name, .class_name = "Embedding", .inputs = {ids}, .weights = {{"weight", {vocabulary, dim}}}});
}

inline Value GraphBuilder::linear(const std::string& name, Value x, int64_t out, bool bias) {
  NodeSpec spec{.name = name, .class_name = "Linear", .inputs = {x}, .weights = {{"weight", {out, width(x)}}}};
  if (bias) spec.weights.push_back({"bias", {out}});
  return node(spec);
}

inline Value GraphBuilder::rms_norm(const std::string& name, Value x, double eps) {
  return node(
      {.name = name, .class_name = "RmsNorm", .inputs = {x}, .attributes = {{"eps", eps}}, .weights = {{"weight", {width(x)}}}});
}

inline Value GraphBuilder::head_linear(const std::string& name, Value x, int64_t heads, int64_t out, bool transposed) {
  const int64_t in = width(x);
  NodeSpec spec{.name = name, .class_name = "HeadLinear", .inputs = {x}};
  if (transposed) spec.attributes = {{"transposed", int64_t{1}}};
  spec.weights = {transposed ? Parameter{"weight", {heads, in, out}} : Parameter{"weight", {heads, out, in}}};
  return node(spec);
}

inline Value GraphBuilder::expert_linear(const std::string& name, Value x, Value ids, int64_t experts, int64_t out) {
  return node(
      {.name = name, .class_name = "ExpertLinear", .inputs = {x, ids}, .weights = {{"weight", {experts, out, width(x)}}}});
}

inline Value GraphBuilder::split_heads(const std::string& name, Value x, int64_t heads) {
  return node({.name = name, .class_name = "SplitHeads", .inputs = {x}, .attributes = {{"heads", heads}}});
}

inline Value GraphBuilder::slice(const std::string& name, Value x, int64_t begin, int64_t end) {
  return node({.name = name, .class_name = "Slice", .inputs = {x}, .attributes = {{"begin", begin}, {"end", end}}});
}

}  // namespace kt

#endif
