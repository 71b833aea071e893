// The JSON header of a safetensors file as a table of tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/io/safetensors.h"

namespace kt::core {

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<SafetensorsTensor> tensors;  // in order of the text; offsets from the start of the data
};

// Reads the text without building a document, so that memory stays in proportion to it. Every tensor has a known type, a shape and
// offsets that agree; names and fields appear once. `path` names the file in errors (KT-E0401, KT-E0404, KT-E0407).
Result<SafetensorsHeader> parse_safetensors_header(std::string_view text, const std::string& path);

}  // namespace kt::core
