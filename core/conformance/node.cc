#include "core/conformance/node.h"

#include <algorithm>

#include "core/plugin/model_builder.h"

namespace kt::conformance {
namespace {

int64_t product(const std::vector<int64_t>& shape) {
  int64_t out = 1;
  for (const int64_t dim : shape) out *= dim;
  return out;
}

// A node whose output has the shape and type of an input; it is never run.
Value producer(GraphBuilder& g, const std::string& name, const Input& input) {
  if (input.kind == InputKind::kPositions) return g.input("positions");
  if (input.kind == InputKind::kOutputs) return g.input("output_rows");
  const bool ids = input.kind == InputKind::kIds;
  const Value row = g.embedding(name, g.input("tokens"), 1, ids ? input.limit : product(input.shape));
  if (ids)
    return g.nodes<2>({.name = name + "_ids", .class_name = "TopK", .inputs = {row}, .attributes = {{"k", input.shape[0]}}})[0];
  if (input.shape.size() == 1) return row;
  return g.split_heads(name + "_heads", row, input.shape[0]);
}

Data make_input(const Input& input, const HostBatch& batch, Random& random) {
  const int64_t rows = batch.rows();
  if (input.kind == InputKind::kOutputs) {
    Data out = Data::make(KT_I32, {(rows + 1) / 2});
    for (int64_t i = 0; i < out.count(); ++i) out.ints()[i] = static_cast<int32_t>(rows - 1 - 2 * i);
    return out;
  }
  if (input.kind == InputKind::kPositions) {
    Data out = Data::make(KT_I32, {rows});
    std::copy(batch.positions().begin(), batch.positions().end(), out.ints());
    return out;
  }
  std::vector<int64_t> shape = input.shape;
  shape.insert(shape.begin(), rows);
  Data out = Data::make(input.kind == InputKind::kIds ? KT_I32 : KT_F32, shape);
  for (int64_t i = 0; i < out.count(); ++i) {
    if (input.kind == InputKind::kNormal) out.floats()[i] = rows > 4 && i * rows / out.count() == 3 ? 0.0f : random.normal();
    if (input.kind == InputKind::kWide) out.floats()[i] = 20.0f * random.normal();
    if (input.kind == InputKind::kPositive) out.floats()[i] = static_cast<float>(random.uniform() * 0.999 + 0.001);
    if (input.kind == InputKind::kFewValues) out.floats()[i] = 0.25f * static_cast<float>(random.below(4));
    if (input.kind != InputKind::kIds) continue;
    int32_t* row = out.ints() + i / shape.back() * shape.back();
    int32_t& id = out.ints()[i];
    do id = static_cast<int32_t>(random.below(input.limit));
    while (std::find(row, &id, id) != &id);
  }
  return out;
}

void set_weight_types(core::Node& node, int32_t dtype) {
  for (core::WeightSpec& spec : node.own_weights) spec.dtype = spec.shape.size() == 1 ? static_cast<int32_t>(KT_F32) : dtype;
  for (core::WeightSpec& spec : node.weights) spec.dtype = spec.shape.size() == 1 ? static_cast<int32_t>(KT_F32) : dtype;
  for (const auto& child : node.body) set_weight_types(*child, dtype);
}

}  // namespace

core::Result<BuiltCase> build_case(const core::ClassTable& classes, const Case& spec) {
  BuiltCase out;
  out.spec = &spec;
  out.graph = KT_TRY(core::build_graph(classes, [&](const KtModelHost& host, KtGraph* graph) {
    GraphBuilder g(host, graph);
    std::vector<Value> inputs;
    for (const Input& input : spec.inputs) inputs.push_back(producer(g, "input" + std::to_string(inputs.size()), input));
    const std::vector<Value> outputs = spec.build(g, inputs);
    g.output("y", outputs.at(0));
    return g.status();
  }));
  out.node = out.graph->find(spec.node_name);
  if (out.node == nullptr) return core::fail(901, "the case builds no node named '" + spec.node_name + "'");
  set_weight_types(*out.graph->root, spec.weight_dtype);
  Random random(spec.class_name + "/" + spec.name);
  for (const core::WeightSpec& weight : out.node->weights)
    out.weights.emplace(weight.canonical, HostWeight::random(weight, spec.weight_dtype, spec.weight_form, random));
  const HostBatch batch(spec.segments);
  for (const Input& input : spec.inputs) out.inputs.push_back(make_input(input, batch, random));
  if (out.node->state >= 0)
    out.state.emplace(out.graph->states[static_cast<size_t>(out.node->state)], spec.page_dtype, spec.page_size, spec.segments,
                      random);
  return out;
}

}  // namespace kt::conformance
