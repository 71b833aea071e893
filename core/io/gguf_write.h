// Writes a GGUF file: metadata and tensor table first, then the tensors one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/io/gguf.h"

namespace kt::core {

struct GgufWriteTensor {
  std::string name;
  int32_t dtype = 0;           // KtDtype below 256
  std::vector<int64_t> shape;  // row-major, the last dimension is a row
};

// The file appears under its name when finish() succeeds; until then it is NAME.part, which the destructor removes.
class GgufWriter {
 public:
  using Metadata = std::vector<std::pair<std::string, GgufValue>>;  // written in this order

  // Writes the header. KT-E0012 if the file cannot be written or a shape does not fit its type.
  static Result<std::unique_ptr<GgufWriter>> create(const std::string& path, const Metadata& metadata,
                                                    std::vector<GgufWriteTensor> tensors);
  ~GgufWriter();

  // The next bytes of the tensors, in order of the table; padding between tensors is added here. A call must not cross a tensor's
  // end.
  Status write(std::span<const std::byte> bytes);
  // Gives the file its full size and hands all that is written to the system, so that NAME.part can be opened and its header read.
  Status reserve();
  const std::string& partial_path() const { return partial_path_; }
  // All tensors must be complete.
  Status finish();

 private:
  explicit GgufWriter(std::string path) : path_(std::move(path)), partial_path_(path_ + ".part") {}
  Status put(const void* data, size_t size);
  Status write_header(const Metadata& metadata);
  Status pad();
  Error write_error() const;

  std::string path_, partial_path_;
  std::FILE* file_ = nullptr;
  std::vector<GgufWriteTensor> tensors_;
  std::vector<uint64_t> bytes_;  // of each tensor
  size_t current_ = 0;
  uint64_t written_ = 0;  // of the current tensor
  uint64_t position_ = 0;
};

// Values for metadata.
GgufValue gguf_u32(uint32_t value);
GgufValue gguf_f32(float value);
GgufValue gguf_bool(bool value);
GgufValue gguf_text(std::string value);
GgufValue gguf_texts(std::vector<std::string> values);
GgufValue gguf_i32s(const std::vector<int32_t>& values);
GgufValue gguf_f32s(const std::vector<float>& values);

}  // namespace kt::core
