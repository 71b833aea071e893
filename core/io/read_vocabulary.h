// The vocabulary inside the metadata of a GGUF file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/status.h"
#include "core/io/gguf.h"
#include "core/io/gguf_vocabulary.h"

namespace kt::core {

// Nothing if the file has no tokens. `rows` is the number of rows of the token embedding, which must equal the number of tokens
// (0: not known). `path` names the file in errors (KT-E0403).
Result<std::optional<GgufVocabulary>> read_vocabulary(const GgufMetadata& metadata, uint64_t rows, const std::string& path);

}  // namespace kt::core
