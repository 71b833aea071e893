#include "core/graph/classes.h"

#include "core/graph/shapes.h"

namespace kt::core {
namespace {

using ShapeFunction = Status (*)(Graph&, Node&);

struct Primitive {
  const char* name;
  const char* inputs;
  const char* outputs;
  const char* help;
  uint32_t output_count;
  ShapeFunction shape;
};

constexpr Primitive kPrimitives[] = {
    {"Embedding", "ids i32 [T]", "[T, dim]", "rows of a table", 1, shapes::embedding},
    {"Linear", "x [..., in]", "[..., out]", "x times weight [out, in] transposed, plus an optional bias", 1, shapes::linear},
    {"HeadLinear", "x [T, heads, in]", "[T, heads, out]", "one matrix a head", 1, shapes::head_linear},
    {"ExpertLinear", "x [T, in] or [T, k, in]; ids [T, k]", "[T, k, out]", "the matrix of each chosen expert", 1, shapes::expert_linear},
    {"WeightedSum", "h [T, k, dim]; w [T, k]", "[T, dim]", "sum over k in slot order", 1, shapes::weighted_sum},
    {"RmsNorm", "x [..., dim]", "[..., dim]", "root-mean-square norm (arXiv:1910.07467)", 1, shapes::same_with_vector},
    {"Rope", "x [T, heads, dim]; positions i32 [T]", "[T, heads, dim]", "rotary position embedding (arXiv:2104.09864)", 1, shapes::rope},
    {"Attention", "q [T, heads, dk]; k [T, kv_heads, dk]; v [T, kv_heads, dv]", "[T, heads, dv]", "causal attention over paged state", 1, shapes::attention},
    {"TopK", "x [T, n]", "ids i32 [T, k], values [T, k]", "the k largest, ties by lower index", 2, shapes::top_k},
    {"GroupMask", "x [T, n]", "[T, n]", "zero outside the best groups (arXiv:2405.04434)", 1, shapes::group_mask},
    {"TakeAlong", "x [T, n]; ids i32 [T, k]", "[T, k]", "x at ids", 1, shapes::take_along},
    {"NormalizeSum", "x [T, k]", "[T, k]", "x divided by its sum plus eps", 1, shapes::same},
    {"Softmax", "x [..., n]", "[..., n]", "softmax over the last dimension", 1, shapes::same},
    {"Sigmoid", "x", "same shape", "1 / (1 + exp(-x))", 1, shapes::same},
    {"Silu", "x", "same shape", "x * sigmoid(x)", 1, shapes::same},
    {"Gelu", "x", "same shape", "Gaussian error linear unit", 1, shapes::same},
    {"Relu", "x", "same shape", "max(x, 0)", 1, shapes::same},
    {"Tanh", "x", "same shape", "hyperbolic tangent", 1, shapes::same},
    {"Exp", "x", "same shape", "exponential", 1, shapes::same},
    {"Add", "a; b", "shape of a", "a + b", 1, shapes::binary},
    {"Sub", "a; b", "shape of a", "a - b", 1, shapes::binary},
    {"Mul", "a; b", "shape of a", "a * b", 1, shapes::binary},
    {"AddBias", "x [..., n]", "[..., n]", "x plus bias [n]", 1, shapes::same_with_vector},
    {"Scale", "x", "same shape", "x * factor", 1, shapes::same},
    {"Clamp", "x", "same shape", "x limited to minimum..maximum", 1, shapes::same},
    {"SplitHeads", "x [T, heads*d]", "[T, heads, d]", "a view", 1, shapes::split_heads},
    {"MergeHeads", "x [T, heads, d]", "[T, heads*d]", "a view", 1, shapes::merge_heads},
    {"Slice", "x [..., n]", "[..., end-begin]", "a view", 1, shapes::slice},
    {"Concat", "a [..., m]; b [..., n]", "[..., m+n]", "a before b", 1, shapes::concat},
    {"GatherRows", "x [T, dim]; rows i32 [O]", "[O, dim]", "chosen rows", 1, shapes::gather_rows},
    {"Cast", "x", "same shape", "another element type", 1, shapes::cast},
    {"Copy", "x", "same shape", "x on another device; inserted by the planner", 1, shapes::same},
};

struct Module {
  const char* name;
  const char* help;
};

constexpr Module kModules[] = {
    {"Model", "the whole decoder"},
    {"DecoderLayer", "one layer"},
    {"SelfAttention", "projections, rotary embedding and attention"},
    {"MlaAttention", "multi-head latent attention (arXiv:2405.04434)"},
    {"MlaCore", "attention over the latent cache, from queries to values"},
    {"Mlp", "gated feed-forward network"},
    {"SwiGlu", "silu(gate) * up"},
    {"MoeBlock", "gate, experts and shared experts"},
    {"MoeGate", "chooses experts and their weights"},
    {"MoeExperts", "the chosen experts, summed with their weights"},
};

}  // namespace

ClassTable::ClassTable() {
  for (const Primitive& p : kPrimitives)
    classes_.emplace(p.name, NodeClass{p.name, p.inputs, p.outputs, p.help, true, p.output_count, p.shape});
  for (const Module& m : kModules) classes_.emplace(m.name, NodeClass{m.name, "", "", m.help, false, 1, nullptr});
}

Status ClassTable::add(NodeClass node_class) {
  if (classes_.contains(node_class.name)) return fail(611, "class '" + node_class.name + "' is already defined");
  std::string name = node_class.name;
  classes_.emplace(std::move(name), std::move(node_class));
  return {};
}

const NodeClass* ClassTable::find(std::string_view name) const {
  const auto it = classes_.find(name);
  return it == classes_.end() ? nullptr : &it->second;
}

std::vector<std::string> ClassTable::names() const {
  std::vector<std::string> out;
  for (const auto& [name, unused] : classes_) out.push_back(name);
  return out;
}

}  // namespace kt::core
