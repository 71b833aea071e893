// What a folder's config.json, tokenizer.json and chat template are in GGUF.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/io/gguf_write.h"
#include "core/io/model_source.h"

namespace kt::quantize {

struct FolderMetadata {
  core::GgufWriter::Metadata keys;
  // Rows of a head whose two halves GGUF keeps interleaved in the weights of queries and keys; 0: as in the folder.
  int64_t interleaved_rows = 0;
  std::vector<float> rope_divisors;  // tensor rope_freqs.weight, empty if there is none
};

// KT-E0410 for an architecture that GGUF has no name for, KT-E0420 for a tokenizer that it cannot hold.
core::Result<FolderMetadata> folder_metadata(const core::ModelSource& source);

}  // namespace kt::quantize
