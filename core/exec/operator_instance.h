// One operator made for one node: created, given its weights, run, destroyed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/exec/weights.h"
#include "core/graph/graph.h"
#include "core/plan/plan.h"
#include "core/plugin/options.h"
#include "core/plugin/plugin_call.h"
#include "core/plugin/registry.h"

namespace kt::core {

class OperatorInstance {
 public:
  // Creates the operator. Errors name node and operator.
  static Result<std::unique_ptr<OperatorInstance>> create(const Registry& registry, const Node& node, const StepBinding& binding);
  ~OperatorInstance();
  OperatorInstance(const OperatorInstance&) = delete;
  OperatorInstance& operator=(const OperatorInstance&) = delete;

  // Hands over the weights, which stay valid as long as the instance.
  Status prepare(std::vector<std::shared_ptr<LoadedWeight>> weights);
  uint64_t scratch_size(int64_t tokens, int32_t threads) const;
  Status run(const KtCall& call) const;
  const std::string& label() const { return label_; }
  // "operator cpu.linear of plugin cpu 0.1.0 at model.layers.0.mlp.up_proj"
  std::string full_name() const;

 private:
  OperatorInstance() = default;
  PluginCallFacts facts(const char* activity) const;

  std::string node_;
  std::string label_;  // "operator cpu.linear at model.layers.0.mlp.up_proj"
  std::shared_ptr<Library> library_;
  const KtOperatorDef* def_ = nullptr;
  void* self_ = nullptr;
  std::vector<std::shared_ptr<LoadedWeight>> weights_;
};

}  // namespace kt::core
