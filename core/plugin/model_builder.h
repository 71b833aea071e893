// From a model's configuration to its graph, through the model library that knows the architecture.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/graph/graph.h"
#include "core/io/model_config.h"
#include "core/io/weight_store.h"
#include "core/plugin/registry.h"

namespace kt::core {

// A graph and the name table that belongs to it. Keeps the model library loaded.
struct BuiltModel {
  std::string family;
  std::unique_ptr<Graph> graph;
  const KtNameRow* const* names = nullptr;
  uint32_t name_count = 0;
  std::shared_ptr<void> owner;
};

// KT-E0410 if no library knows the architecture (the known ones are listed); KT-E0406 with the library's sentence if
// it refuses the configuration. `weights` may be null: then only the configuration is known.
Result<BuiltModel> build_model(const Registry& registry, const ModelConfig& config, const WeightStore* weights);

// The graph that `build` makes with the functions a model library gets.
Result<std::unique_ptr<Graph>> build_graph(const ClassTable& classes, const std::function<KtStatus(const KtModelHost&, KtGraph*)>& build);

}  // namespace kt::core
