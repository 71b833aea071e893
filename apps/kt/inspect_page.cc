#include <filesystem>

#include "apps/kt/inspect_graph.h"
#include "apps/kt/page/page.h"
#include "core/graph/text.h"
#include "core/tensor/shape.h"

namespace kt::app {
namespace {

std::string rule_text(const core::BoundGraph& bound, int rule) {
  const core::Rule& r = bound.rules.rules[static_cast<size_t>(rule)];
  const std::string file = std::filesystem::path(bound.rules.files[static_cast<size_t>(r.file)].path).filename().string();
  return file + "#" + std::to_string(r.number) + (r.name.empty() ? "" : " " + r.name);
}

core::Json binding_json(const core::BoundGraph& bound, const core::NodeBinding& binding) {
  core::Json out = {{"device", binding.step.device}};
  if (!binding.expanded) out["operator"] = binding.step.operator_name;
  if (binding.rule >= 0) out["rule"] = rule_text(bound, binding.rule);
  if (!binding.reason.empty()) out["reason"] = binding.reason;
  return out;
}

core::Json shapes_json(const core::Graph& graph, const std::vector<KtValue>& values) {
  core::Json out = core::Json::array();
  for (const KtValue value : values) out.push_back(core::symbolic_shape_text(graph.value(value).shape));
  return out;
}

class Page {
 public:
  Page(const core::Graph& graph, const core::BoundGraph& bound) : graph_(graph), bound_(bound) {}

  core::Json node(const core::Node& node, uint64_t& bytes) const {
    core::Json out = {{"name", node.name}, {"class", node.class_name}};
    add_binding(node, out);
    out["in"] = shapes_json(graph_, node.inputs);
    out["out"] = shapes_json(graph_, node.outputs);
    uint64_t own = 0;
    for (const core::WeightSpec& spec : node.own_weights) {
      const uint64_t size = core::tensor_bytes(spec.dtype, spec.shape).value_or(0);
      out["weights"].push_back({spec.parameter, core::shape_text(spec.shape), core::dtype_name(spec.dtype), size});
      own += size;
    }
    for (const auto& child : node.body) out["parts"].push_back(this->node(*child, own));
    out["bytes"] = own;
    bytes += own;
    return out;
  }

 private:
  void add_binding(const core::Node& node, core::Json& out) const {
    const core::NodeBinding* prefill = bound_.how(node, KT_PREFILL);
    const core::NodeBinding* decode = bound_.how(node, KT_DECODE);
    if (decode) out["decode"] = binding_json(bound_, *decode);
    if (prefill && (!decode || binding_json(bound_, *prefill) != out["decode"])) out["prefill"] = binding_json(bound_, *prefill);
  }

  const core::Graph& graph_;
  const core::BoundGraph& bound_;
};

// JSON that may stand in a script element: nothing in it ends the element.
std::string embedded(const core::Json& data) {
  std::string out;
  for (const char c : data.dump(-1, ' ', false, core::Json::error_handler_t::replace)) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string graph_page(const core::Workspace& workspace, const core::BoundGraph& bound) {
  const core::Graph& graph = workspace.graph();
  uint64_t bytes = 0;
  core::Json parts = core::Json::array();
  for (const auto& node : graph.root->body) parts.push_back(Page(graph, bound).node(*node, bytes));
  const core::Json data = {{"model", workspace.source().name},
                           {"architecture", graph.architecture},
                           {"nodes", graph.nodes().size()},
                           {"bytes", bytes},
                           {"parts", std::move(parts)}};
  std::string out(kPageTemplate);
  constexpr std::string_view kPlace = "@DATA@";
  out.replace(out.find(kPlace), kPlace.size(), embedded(data));
  return out;
}

}  // namespace kt::app
