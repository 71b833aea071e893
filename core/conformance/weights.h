// Weights with random content of any type, in the forms in which operators are handed them.
#pragma once

#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "kt/abi.h"
#include "core/conformance/random.h"

namespace kt::conformance {

// One tensor; one tensor for each index of the first dimension; one tensor at an odd multiple of two bytes.
enum class WeightForm { kWhole, kSplit, kUnaligned };

class HostWeight {
 public:
  // Vectors are float32, whatever `dtype` says.
  static HostWeight random(const core::WeightSpec& spec, int32_t dtype, WeightForm form, Random& random);
  // The absolute values of another weight, as one float32 tensor; a vector (a bias) becomes zero.
  static HostWeight absolute(const HostWeight& other);

  // `name` is the parameter's name in the node it is handed to. Valid until the next call.
  const KtWeight& view(const std::string& name) const;
  std::vector<float> values() const;

 private:
  size_t front() const;                  // bytes before the first tensor
  size_t offset_of(size_t index) const;  // of a split weight: the tensors lie in reverse order
  int64_t parts() const { return form_ == WeightForm::kSplit ? shape_[0] : 1; }

  int32_t dtype_ = KT_F32;
  std::vector<int64_t> shape_;
  std::vector<unsigned char> bytes_;  // 64 bytes in front for alignment
  WeightForm form_ = WeightForm::kWhole;
  mutable std::string name_;
  mutable std::vector<KtTensor> tensors_;
  mutable std::vector<const KtTensor*> pointers_;
  mutable KtWeightPart part_{};
  mutable const KtWeightPart* part_pointer_ = nullptr;
  mutable KtWeight view_{};
};

}  // namespace kt::conformance
