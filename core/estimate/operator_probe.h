// How much scratch operators take, found by making them with weights that have shapes and types but no values.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/plan/plan.h"
#include "core/plugin/registry.h"

namespace kt::core {

// Nodes of equal shape share one instance, so the cost does not grow with the layers of a model.
class OperatorProbe {
 public:
  explicit OperatorProbe(const Registry& registry);
  ~OperatorProbe();
  OperatorProbe(const OperatorProbe&) = delete;
  OperatorProbe& operator=(const OperatorProbe&) = delete;

  // Errors: what the operator says when it is made.
  Result<uint64_t> scratch_size(const Node& node, const StepBinding& binding, int64_t tokens, int32_t threads);
  // False once an operator did not take weights without values; its scratch counts as it is without weights.
  bool exact() const { return exact_; }

 private:
  class Instance;
  class Zeros;
  Result<const Instance*> instance(const Node& node, const StepBinding& binding);

  const Registry& registry_;
  std::unique_ptr<Zeros> zeros_;
  std::map<std::string, std::unique_ptr<Instance>> instances_;
  bool exact_ = true;
};

}  // namespace kt::core
