#include "apps/kt/inspect_graph.h"

#include <algorithm>

#include "apps/kt/console.h"
#include "core/graph/fold.h"
#include "core/graph/text.h"
#include "core/tensor/shape.h"

namespace kt::app {
namespace {

constexpr int kNameWidth = 38;

std::string types_text(const core::FoldedNode& node) {
  std::string out;
  for (const int32_t dtype : node.dtypes) out += (out.empty() ? "" : " ") + core::dtype_name(dtype);
  return out;
}

std::string output_text(const core::Node& node) {
  if (node.outputs.empty()) return "";
  return core::symbolic_shape_text(node.graph->value(node.outputs[0]).shape);
}

std::string cut(const std::string& text, size_t width) { return text.size() <= width ? text : text.substr(0, width - 2) + ".."; }

void add_line(const core::FoldedNode& node, int depth, std::string& out) {
  const std::string name = std::string(static_cast<size_t>(depth) * 2, ' ') + node.name;
  char line[160];
  std::snprintf(line, sizeof line, "  %-*s %-13s %5d %6d %10s  %s", kNameWidth, cut(name, kNameWidth).c_str(),
                cut(node.example->class_name, 13).c_str(), node.count, node.nodes,
                node.bytes > 0 ? bytes_text(static_cast<double>(node.bytes)).c_str() : "", cut(types_text(node), 19).c_str());
  const std::string text = line;
  out += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  for (const core::FoldedNode& part : node.parts) add_line(part, depth + 1, out);
}

core::Json part_json(const core::FoldedNode& node) {
  core::Json parts = core::Json::array(), types = core::Json::array();
  for (const core::FoldedNode& part : node.parts) parts.push_back(part_json(part));
  for (const int32_t dtype : node.dtypes) types.push_back(core::dtype_name(dtype));
  return {{"name", node.name},
          {"class", node.example->class_name},
          {"count", node.count},
          {"nodes", node.nodes},
          {"bytes", node.bytes},
          {"types", std::move(types)},
          {"out", output_text(*node.example)},
          {"parts", std::move(parts)}};
}

}  // namespace

std::string folded_text(const core::Graph& graph) {
  char head[160];
  std::snprintf(head, sizeof head, "  %-*s %-13s %5s %6s %10s  %s\n", kNameWidth, "NAME", "CLASS", "COUNT", "NODES", "SIZE",
                "TYPES");
  std::string out = head;
  for (const core::FoldedNode& node : core::fold(graph)) add_line(node, 0, out);
  return out;
}

core::Json folded_json(const core::Graph& graph) {
  core::Json out = core::Json::array();
  for (const core::FoldedNode& node : core::fold(graph)) out.push_back(part_json(node));
  return out;
}

}  // namespace kt::app
