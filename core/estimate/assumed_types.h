// The types that weights are assumed to have where a model is only a configuration.
#pragma once

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/graph/graph.h"
#include "core/io/model_config.h"

namespace kt::core {

// Names that assume_types() takes: a type as files name it ("bf16", "q8_0", "q4_k") or a mix ("q4_k_m").
std::vector<std::string> assumable_types();

// What the configuration says its checkpoint holds; "bf16" if it says nothing.
std::string type_in_config(const ModelConfig& config);

// Gives the weights of every node the type that they have in a file quantised to `type`: vectors and routers stay float32, and
// rows that are no whole number of blocks take a type with shorter blocks. KT-E0102 names the types if there is none such.
Status assume_types(Graph& graph, const std::string& type);

}  // namespace kt::core
