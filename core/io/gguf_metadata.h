// The key/value part of a GGUF file.
#pragma once

#include <cstdint>

#include "core/base/status.h"
#include "core/io/byte_reader.h"
#include "core/io/gguf.h"

namespace kt::core {

// Reads `count` entries from the reader's position.
Result<GgufMetadata> read_gguf_metadata(ByteReader& reader, uint64_t count);

}  // namespace kt::core
