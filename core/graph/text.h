// The text form of a graph: printed sorted and without addresses, and read back to the same graph.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/graph/classes.h"
#include "core/graph/graph.h"

namespace kt::core {

// One line a node, indented by depth:
//   node NAME CLASS (inputs) -> (outputs) {key=value ...} [weight shape ...] state=N
std::string print_graph(const Graph& graph);

// Parses what print_graph wrote; KT-E0614 with the line that does not parse.
Result<std::unique_ptr<Graph>> parse_graph(std::string_view text, const ClassTable& classes, const std::string& file);

// "[T, 64]": dims with T for tokens and O for outputs.
std::string symbolic_shape_text(const std::vector<int64_t>& shape);

}  // namespace kt::core
