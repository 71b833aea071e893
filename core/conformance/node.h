// The node of a case, made through the graph builder, with its random weights, inputs and state.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "core/plugin/registry.h"
#include "core/conformance/case.h"
#include "core/conformance/data.h"

namespace kt::conformance {

struct BuiltCase {
  const Case* spec = nullptr;
  std::unique_ptr<core::Graph> graph;
  const core::Node* node = nullptr;
  std::map<std::string, HostWeight> weights;  // by canonical name
  std::vector<Data> inputs;                   // of all rows of the batch
  std::optional<HostState> state;
};

core::Result<BuiltCase> build_case(const core::ClassTable& classes, const Case& spec);

}  // namespace kt::conformance
