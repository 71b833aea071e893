// A model as the GGUF file that it will be: metadata, and tensors that know where their values come from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/io/gguf_write.h"
#include "core/serve/workspace.h"

namespace kt::quantize {

// How the rows of a tensor lie in the file beside how they lie in the source.
enum class RowOrder {
  kSame,
  kTransposed,        // the last two dimensions are swapped
  kInterleavedHalves  // row 2 i + j of each head is its row i of half j
};

// Rows of the source that follow each other.
struct TensorPart {
  const core::TensorEntry* tensor = nullptr;
  int64_t first_row = 0;
};

struct FileTensor {
  std::string name;
  std::vector<int64_t> shape;
  const core::Node* node = nullptr;  // that it is a weight of; null: of none
  int32_t source_dtype = 0;
  std::vector<TensorPart> parts;  // each has the same number of rows
  RowOrder order = RowOrder::kSame;
  int64_t head_rows = 0;      // kInterleavedHalves
  std::vector<float> values;  // instead of parts
};

struct ModelFile {
  core::GgufWriter::Metadata metadata;
  std::vector<FileTensor> tensors;
  bool is_converted = false;  // from a folder
};

// KT-E0410 and KT-E0408 for what GGUF has no name for, KT-E0420 for a tokenizer that it cannot hold.
core::Result<ModelFile> describe_file(const core::Workspace& workspace);

}  // namespace kt::quantize
