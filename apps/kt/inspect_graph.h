// The graph of a model in two readable forms: folded as a table, and whole as a page.
#pragma once

#include <string>

#include "core/base/json.h"
#include "core/rules/bind.h"
#include "core/serve/workspace.h"

namespace kt::app {

// Modules with counts, one line each, at most 100 columns; parts that are alike are one line.
std::string folded_text(const core::Graph& graph);
core::Json folded_json(const core::Graph& graph);

// One self-contained HTML page with every node: operators, devices, rules, sizes, shapes.
std::string graph_page(const core::Workspace& workspace, const core::BoundGraph& bound);

}  // namespace kt::app
