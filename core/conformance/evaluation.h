// A case computed by the oracle: the values of the node, and of every node in its body.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/conformance/node.h"

namespace kt::conformance {

class Evaluation {
 public:
  // Runs the primitives of the node in order by the operators of the plugin "ref". KT-E0901 if it lacks one.
  static core::Result<Evaluation> make(const core::Registry& registry, const BuiltCase& built, const std::vector<Data>& inputs,
                                       const std::vector<SegmentShape>& segments);

  const BuiltCase& built() const { return *built_; }
  const core::Node& node() const { return *built_->node; }
  // A node of the body by its name there; "" is the node itself.
  const core::Node& inner(const std::string& name) const;
  const Data& input(size_t i) const { return values_.at(node().inputs[i]); }
  const Data& output(size_t i) const { return values_.at(node().outputs[i]); }
  const Data& input_of(const core::Node& inner, size_t i) const { return values_.at(inner.inputs[i]); }
  const Data& output_of(const core::Node& inner) const { return values_.at(inner.outputs[0]); }
  const std::optional<HostState>& state() const { return state_; }  // after the run
  const HostBatch& batch() const { return *batch_; }

  // What a primitive without state makes of other inputs and the absolute values of its weights, without its bias.
  Data with_absolute_weights(const core::Node& primitive, const std::vector<Data>& inputs) const;

 private:
  core::Status run(const core::Node& node);

  const core::Registry* registry_ = nullptr;
  const BuiltCase* built_ = nullptr;
  std::unique_ptr<HostBatch> batch_;
  std::map<KtValue, Data> values_;
  std::optional<HostState> state_;
};

}  // namespace kt::conformance
