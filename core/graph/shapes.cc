#include "core/graph/shapes.h"

#include "core/graph/attributes.h"

namespace kt::core::shapes {
namespace {

Error wrong(const Node& node, const std::string& what) {
  return fail(610, "node '" + node.name + "' (" + node.class_name + "): " + what);
}

const Value& input(const Graph& graph, const Node& node, size_t index) { return graph.value(node.inputs[index]); }
Value& output(Graph& graph, const Node& node, size_t index) { return graph.values[static_cast<size_t>(node.outputs[index])]; }

Status expect_inputs(const Graph& graph, const Node& node, std::initializer_list<size_t> ranks) {
  if (node.inputs.size() != ranks.size())
    return wrong(node, "has " + std::to_string(node.inputs.size()) + " inputs, needs " + std::to_string(ranks.size()));
  size_t index = 0;
  for (const size_t rank : ranks) {
    const size_t found = input(graph, node, index).shape.size();
    if (rank != 0 && found != rank)
      return wrong(node, "input " + std::to_string(index) + " has rank " + std::to_string(found) + ", needs " + std::to_string(rank));
    if (found == 0) return wrong(node, "input " + std::to_string(index) + " is a scalar");
    ++index;
  }
  return {};
}

Result<const WeightSpec*> weight(const Node& node, std::string_view parameter, size_t rank) {
  for (const WeightSpec& spec : node.own_weights)
    if (spec.parameter == parameter) {
      if (spec.shape.size() != rank) return wrong(node, "weight '" + spec.parameter + "' has the wrong rank");
      return &spec;
    }
  return wrong(node, "has no weight '" + std::string(parameter) + "'");
}

Status expect_dim(const Node& node, const char* what, int64_t found, int64_t wanted) {
  if (found == wanted) return {};
  return wrong(node, std::string(what) + " is " + std::to_string(found) + ", needs " + std::to_string(wanted));
}

Result<int64_t> positive_attribute(const Node& node, const char* key) {
  const auto value = int_attribute(node, key);
  if (!value || *value <= 0) return wrong(node, std::string("needs a positive integer attribute '") + key + "'");
  return *value;
}

}  // namespace

Status same(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0}));
  output(graph, node, 0).shape = input(graph, node, 0).shape;
  return {};
}

Status same_with_vector(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0}));
  const char* parameter = node.class_name == "AddBias" ? "bias" : "weight";
  const WeightSpec* spec = KT_TRY(weight(node, parameter, 1));
  KT_TRY(expect_dim(node, "the last dimension", input(graph, node, 0).shape.back(), spec->shape[0]));
  return same(graph, node);
}

Status binary(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0, 0}));
  const auto& a = input(graph, node, 0).shape;
  auto b = input(graph, node, 1).shape;
  if (b.size() == a.size() && b.back() == 1) b.back() = a.back();
  if (a != b) return wrong(node, "the shapes of its inputs differ");
  output(graph, node, 0).shape = a;
  return {};
}

Status embedding(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {1}));
  const WeightSpec* spec = KT_TRY(weight(node, "weight", 2));
  output(graph, node, 0).shape = {input(graph, node, 0).shape[0], spec->shape[1]};
  return {};
}

Status linear(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0}));
  const WeightSpec* spec = KT_TRY(weight(node, "weight", 2));
  auto shape = input(graph, node, 0).shape;
  KT_TRY(expect_dim(node, "the last dimension", shape.back(), spec->shape[1]));
  shape.back() = spec->shape[0];
  output(graph, node, 0).shape = shape;
  return {};
}

Status head_linear(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {3}));
  const WeightSpec* spec = KT_TRY(weight(node, "weight", 3));
  const bool transposed = int_attribute(node, "transposed").value_or(0) != 0;
  auto shape = input(graph, node, 0).shape;
  KT_TRY(expect_dim(node, "the number of heads", shape[1], spec->shape[0]));
  KT_TRY(expect_dim(node, "the last dimension", shape[2], spec->shape[transposed ? 1 : 2]));
  shape[2] = spec->shape[transposed ? 2 : 1];
  output(graph, node, 0).shape = shape;
  return {};
}

Status expert_linear(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0, 2}));
  const WeightSpec* spec = KT_TRY(weight(node, "weight", 3));
  const auto& x = input(graph, node, 0).shape;
  const auto& ids = input(graph, node, 1).shape;
  KT_TRY(expect_dim(node, "the last dimension", x.back(), spec->shape[2]));
  if (x.size() == 3) KT_TRY(expect_dim(node, "experts a token", x[1], ids[1]));
  output(graph, node, 0).shape = {x[0], ids[1], spec->shape[1]};
  return {};
}

Status weighted_sum(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {3, 2}));
  const auto& h = input(graph, node, 0).shape;
  KT_TRY(expect_dim(node, "experts a token", input(graph, node, 1).shape[1], h[1]));
  output(graph, node, 0).shape = {h[0], h[2]};
  return {};
}

Status rope(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {3, 1}));
  const auto* frequencies = floats_attribute(node, "inv_freq");
  if (!frequencies || frequencies->empty()) return wrong(node, "needs the attribute 'inv_freq'");
  if (static_cast<int64_t>(frequencies->size()) * 2 > input(graph, node, 0).shape[2])
    return wrong(node, "rotates more dimensions than a head has");
  output(graph, node, 0).shape = input(graph, node, 0).shape;
  return {};
}

Status attention(Graph& graph, Node& node) {
  const bool has_values = node.inputs.size() == 3;
  KT_TRY(has_values ? expect_inputs(graph, node, {3, 3, 3}) : expect_inputs(graph, node, {3, 3}));
  if (node.state < 0) return wrong(node, "has no state");
  const StateSpec& state = graph.states[static_cast<size_t>(node.state)];
  const auto& q = input(graph, node, 0).shape;
  const auto& k = input(graph, node, 1).shape;
  KT_TRY(expect_dim(node, "the key dimension", k[2], q[2]));
  KT_TRY(expect_dim(node, "the key dimension of its state", state.key_dim, k[2]));
  KT_TRY(expect_dim(node, "the heads of its state", state.heads, k[1]));
  if (k[1] <= 0 || q[1] % k[1] != 0) return wrong(node, "query heads are no multiple of key heads");
  int64_t value_dim = has_values ? input(graph, node, 2).shape[2] : 0;
  KT_TRY(expect_dim(node, "the value dimension of its state", state.value_dim, value_dim));
  if (!has_values) value_dim = KT_TRY(positive_attribute(node, "value_dim"));
  if (!has_values && value_dim > k[2]) return wrong(node, "value_dim exceeds the key dimension");
  if (!float_attribute(node, "scale")) return wrong(node, "needs the attribute 'scale'");
  output(graph, node, 0).shape = {q[0], q[1], value_dim};
  return {};
}

Status top_k(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {2}));
  const int64_t k = KT_TRY(positive_attribute(node, "k"));
  const auto& x = input(graph, node, 0).shape;
  if (k > x[1]) return wrong(node, "k is " + std::to_string(k) + " of " + std::to_string(x[1]));
  output(graph, node, 0).shape = output(graph, node, 1).shape = {x[0], k};
  output(graph, node, 0).dtype = KT_I32;
  return {};
}

Status group_mask(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {2}));
  const int64_t groups = KT_TRY(positive_attribute(node, "groups"));
  const int64_t used = KT_TRY(positive_attribute(node, "used"));
  const int64_t n = input(graph, node, 0).shape[1];
  if (n % groups != 0 || used > groups) return wrong(node, "its groups do not divide the experts");
  return same(graph, node);
}

Status take_along(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {2, 2}));
  output(graph, node, 0).shape = input(graph, node, 1).shape;
  return {};
}

Status split_heads(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {2}));
  const int64_t heads = KT_TRY(positive_attribute(node, "heads"));
  const auto& x = input(graph, node, 0).shape;
  if (x[1] % heads != 0) return wrong(node, "heads do not divide the last dimension");
  output(graph, node, 0).shape = {x[0], heads, x[1] / heads};
  output(graph, node, 0).dtype = input(graph, node, 0).dtype;
  return {};
}

Status merge_heads(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {3}));
  const auto& x = input(graph, node, 0).shape;
  output(graph, node, 0).shape = {x[0], x[1] * x[2]};
  output(graph, node, 0).dtype = input(graph, node, 0).dtype;
  return {};
}

Status slice(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0}));
  const int64_t begin = int_attribute(node, "begin").value_or(-1);
  const int64_t end = int_attribute(node, "end").value_or(-1);
  auto shape = input(graph, node, 0).shape;
  if (begin < 0 || end <= begin || end > shape.back()) return wrong(node, "its range lies outside the last dimension");
  shape.back() = end - begin;
  output(graph, node, 0).shape = shape;
  output(graph, node, 0).dtype = input(graph, node, 0).dtype;
  return {};
}

Status concat(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {0, 0}));
  auto a = input(graph, node, 0).shape;
  auto b = input(graph, node, 1).shape;
  const int64_t last = a.back() + b.back();
  a.back() = b.back() = 0;
  if (a != b) return wrong(node, "its inputs differ in more than the last dimension");
  a.back() = last;
  output(graph, node, 0).shape = a;
  return {};
}

Status gather_rows(Graph& graph, Node& node) {
  KT_TRY(expect_inputs(graph, node, {2, 1}));
  output(graph, node, 0).shape = {input(graph, node, 1).shape[0], input(graph, node, 0).shape[1]};
  return {};
}

Status cast(Graph& graph, Node& node) {
  KT_TRY(same(graph, node));
  const std::string* dtype = string_attribute(node, "dtype");
  if (!dtype) return wrong(node, "needs the attribute 'dtype'");
  static const std::pair<const char*, int32_t> kTypes[] = {{"f32", KT_F32}, {"f16", KT_F16}, {"bf16", KT_BF16}, {"i32", KT_I32}};
  for (const auto& [name, type] : kTypes)
    if (*dtype == name) {
      output(graph, node, 0).dtype = type;
      return {};
    }
  return wrong(node, "cannot cast to '" + *dtype + "'");
}

}  // namespace kt::core::shapes
