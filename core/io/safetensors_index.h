// "model.safetensors.index.json": which file holds which tensor.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core {

struct SafetensorsIndex {
  std::vector<std::string> files;                  // each once, in order of their names
  std::vector<std::pair<std::string, size_t>> of;  // tensor and its index into files, in order of the tensors' names
};

// Errors: KT-E0401 (no JSON), KT-E0405 (no map of names to files, a tensor twice). File names are not checked here.
Result<SafetensorsIndex> parse_safetensors_index(std::string_view text, const std::string& path);

}  // namespace kt::core
