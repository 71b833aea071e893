// GGUF files: metadata and the table of tensors, checked against the length of the file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/status.h"
#include "core/io/mapped_file.h"

namespace kt::core {

// Numbers of the specification (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
enum class GgufType : uint32_t {
  kU8 = 0, kI8 = 1, kU16 = 2, kI16 = 3, kU32 = 4, kI32 = 5, kF32 = 6, kBool = 7, kString = 8, kArray = 9, kU64 = 10, kI64 = 11, kF64 = 12
};

// "u32", "string", ...
std::string_view gguf_type_name(GgufType type);

// A typed array; numbers stay packed as in the file.
struct GgufArray {
  GgufType element = GgufType::kU8;
  uint64_t count = 0;
  std::vector<std::byte> packed;     // numbers and booleans
  std::vector<std::string> strings;  // strings

  // Nothing if the index is out of range, the element has another type, or the value does not fit.
  std::optional<int64_t> int_at(uint64_t index) const;
  std::optional<double> float_at(uint64_t index) const;
  std::optional<bool> bool_at(uint64_t index) const;
  const std::string* string_at(uint64_t index) const;
};

struct GgufValue {
  GgufType type = GgufType::kU8;
  std::variant<uint64_t, int64_t, double, bool, std::string, GgufArray> value;

  // Nothing (null) if the value has another type: as_int takes integers that fit, as_float takes floats and integers.
  std::optional<int64_t> as_int() const;
  std::optional<double> as_float() const;
  std::optional<bool> as_bool() const;
  const std::string* as_string() const;
  const GgufArray* as_array() const;
};

using GgufMetadata = std::map<std::string, GgufValue, std::less<>>;

struct GgufTensor {
  std::string name;
  int32_t dtype = 0;           // KtDtype
  std::vector<int64_t> shape;  // row-major: the last dimension is a row; the reverse of the file's order
  uint64_t offset = 0;         // from the start of the file
  uint64_t bytes = 0;
};

// One file. Every tensor lies inside it, in order, without holes.
struct GgufFile {
  std::shared_ptr<const MappedFile> file;
  uint32_t version = 0;
  uint64_t alignment = 32;
  GgufMetadata metadata;
  std::vector<GgufTensor> tensors;

  const GgufValue* find(std::string_view key) const;
};

// Reads versions 2 and 3, little-endian. Errors: KT-E0403 (damaged or foreign), KT-E0407 (a type that kt does not know).
Result<GgufFile> read_gguf(std::shared_ptr<const MappedFile> file);

// A model in one file, or in the files of a split ("NAME-00001-of-00003.gguf"), in order; parts[0] has the model's metadata.
struct GgufModel {
  std::vector<GgufFile> parts;

  const GgufMetadata& metadata() const { return parts.front().metadata; }
};

// `path` is the file, or the first of a split. Errors as read_gguf(), and KT-E0402 and KT-E0405 for missing and ill-named parts.
Result<GgufModel> open_gguf(const std::string& path);

}  // namespace kt::core
