// The structural law of a graph: every value is produced before it is used, and a module's inner values stay inside.
#pragma once

#include "core/graph/graph.h"

namespace kt::core {

// KT-E0613 naming the node and the value that break the law.
Status verify(const Graph& graph);

}  // namespace kt::core
