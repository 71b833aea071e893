// Whether two graphs of one model compute the same.
#pragma once

#include <string>

#include "core/graph/graph.h"

namespace kt::quantize {

// The first difference as words, empty if there is none. Numbers may differ by float32 rounding; how the halves of rotated heads
// lie is not compared, as files keep them in either way.
std::string graph_difference(const core::Graph& a, const core::Graph& b);

}  // namespace kt::quantize
