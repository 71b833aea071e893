// Shape functions of core's primitives: fill the outputs of a node from its inputs, attributes and weights.
// Errors: KT-E0610 naming the node and what does not fit.
#pragma once

#include "core/graph/graph.h"

namespace kt::core::shapes {

Status same(Graph& graph, Node& node);
Status same_with_vector(Graph& graph, Node& node);
Status binary(Graph& graph, Node& node);
Status embedding(Graph& graph, Node& node);
Status linear(Graph& graph, Node& node);
Status head_linear(Graph& graph, Node& node);
Status expert_linear(Graph& graph, Node& node);
Status weighted_sum(Graph& graph, Node& node);
Status rope(Graph& graph, Node& node);
Status attention(Graph& graph, Node& node);
Status top_k(Graph& graph, Node& node);
Status group_mask(Graph& graph, Node& node);
Status take_along(Graph& graph, Node& node);
Status split_heads(Graph& graph, Node& node);
Status merge_heads(Graph& graph, Node& node);
Status slice(Graph& graph, Node& node);
Status concat(Graph& graph, Node& node);
Status gather_rows(Graph& graph, Node& node);
Status cast(Graph& graph, Node& node);

}  // namespace kt::core::shapes
