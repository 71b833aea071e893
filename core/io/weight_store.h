// The tensors of a model's files by name, mapped and not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/io/gguf.h"
#include "core/io/mapped_file.h"
#include "core/io/safetensors.h"

namespace kt::core {

// `data` lies in the mapping of files()[file_index] and lives as long as the store; it may be unaligned for its type.
struct TensorEntry {
  std::string name;            // as in the file
  int32_t dtype = 0;           // KtDtype
  std::vector<int64_t> shape;  // row-major
  const std::byte* data = nullptr;
  uint64_t bytes = 0;
  int file_index = 0;
};

class WeightStore {
 public:
  // A GGUF file (the first of a split), a .safetensors file, or a folder of safetensors. Reads headers only.
  // Errors: KT-E0402 (nothing there), KT-E0403, KT-E0404, KT-E0405, KT-E0407.
  static Result<std::shared_ptr<const WeightStore>> open(const std::string& path);
  // The tensors of files that are open already.
  static Result<std::shared_ptr<const WeightStore>> from(const GgufModel& model);
  static Result<std::shared_ptr<const WeightStore>> from(std::vector<SafetensorsFile> files);

  const TensorEntry* find(std::string_view name) const;
  std::span<const TensorEntry> tensors() const { return tensors_; }  // in order of the files
  uint64_t total_bytes() const { return total_bytes_; }              // of all tensors
  std::span<const std::shared_ptr<const MappedFile>> files() const { return files_; }

  // Fails if the tensor's file was cut meanwhile (KT-E0402). Reads nothing. Call it before reading `data`.
  Status check(const TensorEntry& tensor) const;
  // Gives back the memory of a tensor that will not be read again soon.
  void release(const TensorEntry& tensor) const;

 private:
  WeightStore() = default;
  Status build_index();

  std::vector<TensorEntry> tensors_;
  std::vector<uint32_t> by_name_;  // indices into tensors_, ordered by name
  std::vector<std::shared_ptr<const MappedFile>> files_;
  uint64_t total_bytes_ = 0;
};

}  // namespace kt::core
