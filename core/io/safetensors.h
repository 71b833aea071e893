// Safetensors files: the header, checked against the length of the file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/io/mapped_file.h"

namespace kt::core {

struct SafetensorsTensor {
  std::string name;
  int32_t dtype = 0;  // KtDtype
  std::vector<int64_t> shape;
  uint64_t offset = 0;  // from the start of the file
  uint64_t bytes = 0;
};

// One file. The tensors cover the data without holes and overlaps, in order of their offsets.
struct SafetensorsFile {
  std::shared_ptr<const MappedFile> file;
  std::map<std::string, std::string> metadata;  // "__metadata__"
  std::vector<SafetensorsTensor> tensors;
};

// Errors: KT-E0404 (damaged or foreign), KT-E0407 (a type that kt does not know), KT-E0401 (the header is not JSON).
Result<SafetensorsFile> read_safetensors(std::shared_ptr<const MappedFile> file);

// The files that hold a folder's tensors, in order of their names: "model.safetensors.index.json" decides, else
// "model.safetensors", else a complete set of "model-0000x-of-0000y.safetensors", else a single other "*.safetensors".
// No files and no error if the folder has none. With an index every tensor must be in the file that the index names.
// Errors: as read_safetensors(), KT-E0405 (the index is wrong or names a file outside the folder), KT-E0402 (a file is missing).
Result<std::vector<SafetensorsFile>> open_safetensors_folder(const std::string& folder);

}  // namespace kt::core
