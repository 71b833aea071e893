// Joins the parameters of a graph with the tensors of the model's files, by the family's name table.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/exec/buffer.h"
#include "core/exec/device.h"
#include "core/graph/graph.h"
#include "core/io/weight_store.h"
#include "kt/abi.h"

namespace kt::core {

// Where one parameter's values lie: one tensor, one an index of dimension 0, or rows of a larger tensor.
struct WeightSource {
  const KtNameRow* row = nullptr;           // nullptr: the name in the file is the canonical name
  std::vector<const TensorEntry*> tensors;  // 1, or shape[0] of them
};

// Finds a parameter's tensors. Patterns of the table are compiled once.
class NameTable {
 public:
  NameTable(const KtNameRow* const* rows, uint32_t count, KtSource source);

  // KT-E0408: "no tensor for PARAMETER: tried A, B".
  Result<WeightSource> find(const WeightSpec& spec, const WeightStore& store) const;

  // The row that a file is looked through for first, and the name that it gives (with {E} for stacks); null if there is none.
  const KtNameRow* first_row(const WeightSpec& spec, std::string* name) const;

 private:
  std::vector<std::string> candidates(const KtNameRow& row, const std::string& layer, int64_t count) const;

  std::unordered_map<std::string, std::vector<const KtNameRow*>> rows_;  // by canonical pattern
};

// A parameter as operators get it. Copies are made only where the files' form cannot be used in place:
// vectors become float32, and a transposed matrix is written out, as float32 if the file's type has blocks.
class LoadedWeight {
 public:
  // KT-E0409 if shape or type in the files differ from what the graph needs.
  static Result<std::unique_ptr<LoadedWeight>> load(const WeightSpec& spec, const WeightSource& source, const WeightStore& store);
  // Values in memory of the caller's, which outlives the weight; one dense tensor.
  static std::unique_ptr<LoadedWeight> borrow(const WeightSpec& spec, const std::byte* data);
  // Copies the values into the device's memory, where operators of that device read them. Called once, before view() is used.
  Status upload(Device& device);
  const KtWeight& view() const { return view_; }
  uint64_t copied_bytes() const { return copy_.size(); }  // on the host
  uint64_t device_bytes() const { return on_device_.size(); }

 private:
  LoadedWeight() = default;
  void add_tensor(const std::byte* data, int32_t dtype, const int64_t* shape, int32_t rank);
  void finish(const WeightSpec& spec, int32_t dtype);
  Status take_vector(const WeightSpec& spec, const TensorEntry& tensor);
  Status copy_transposed(const WeightSpec& spec, const TensorEntry& tensor);

  std::string name_;
  Buffer copy_;
  DeviceBuffer on_device_;
  std::vector<KtTensor> tensors_;
  std::vector<const KtTensor*> tensor_pointers_;
  KtWeightPart part_{};
  const KtWeightPart* part_pointer_ = nullptr;
  KtWeight view_{};
};

// Fills WeightSpec::dtype of every node from the files, so that rules and operators see it before anything is loaded.
// KT-E0408 and KT-E0409 for what is missing or has another type or shape.
Status join_weights(Graph& graph, const NameTable& names, const WeightStore& store);

}  // namespace kt::core
