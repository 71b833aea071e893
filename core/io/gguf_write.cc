#include "core/io/gguf_write.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/tensor/checked.h"
#include "core/tensor/shape.h"

namespace kt::core {
namespace {

constexpr uint64_t kAlignment = 32;
constexpr uint32_t kVersion = 3;

// Little-endian bytes of the header, gathered before they are written.
class Bytes {
 public:
  template <class T>
  void number(T value) {
    const auto* from = reinterpret_cast<const char*>(&value);
    data_.append(from, sizeof value);
  }
  void text(const std::string& value) {
    number<uint64_t>(value.size());
    data_ += value;
  }
  void raw(std::span<const std::byte> bytes) { data_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }
  const std::string& data() const { return data_; }

 private:
  std::string data_;
};

void put_integer(Bytes& out, GgufType type, uint64_t bits) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
      return out.number(static_cast<uint8_t>(bits));
    case GgufType::kU16:
    case GgufType::kI16:
      return out.number(static_cast<uint16_t>(bits));
    case GgufType::kU32:
    case GgufType::kI32:
      return out.number(static_cast<uint32_t>(bits));
    default:
      return out.number(bits);
  }
}

void put_array(Bytes& out, const GgufArray& array) {
  out.number(static_cast<uint32_t>(array.element));
  out.number(array.count);
  out.raw(array.packed);
  for (const std::string& text : array.strings) out.text(text);
}

void put_value(Bytes& out, const GgufValue& value) {
  out.number(static_cast<uint32_t>(value.type));
  if (const auto* number = std::get_if<uint64_t>(&value.value)) put_integer(out, value.type, *number);
  if (const auto* number = std::get_if<int64_t>(&value.value)) put_integer(out, value.type, static_cast<uint64_t>(*number));
  if (const auto* flag = std::get_if<bool>(&value.value)) out.number(static_cast<uint8_t>(*flag));
  if (const auto* text = std::get_if<std::string>(&value.value)) out.text(*text);
  if (const auto* array = std::get_if<GgufArray>(&value.value)) put_array(out, *array);
  if (const auto* number = std::get_if<double>(&value.value)) {
    if (value.type == GgufType::kF32)
      out.number(static_cast<float>(*number));
    else
      out.number(*number);
  }
}

template <class T>
GgufValue numbers(GgufType element, std::span<const T> values) {
  GgufArray array;
  array.element = element;
  array.count = values.size();
  const auto bytes = std::as_bytes(values);
  array.packed.assign(bytes.begin(), bytes.end());
  return {GgufType::kArray, std::move(array)};
}

}  // namespace

Result<std::unique_ptr<GgufWriter>> GgufWriter::create(const std::string& path, const Metadata& metadata,
                                                       std::vector<GgufWriteTensor> tensors) {
  std::unique_ptr<GgufWriter> out(new GgufWriter(path));
  for (const GgufWriteTensor& tensor : tensors) {
    const auto bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes || tensor.dtype >= 256)
      return fail(12, path + ": tensor '" + tensor.name + "' of shape " + shape_text(tensor.shape) + " cannot be stored as " +
                          dtype_name(tensor.dtype));
    out->bytes_.push_back(*bytes);
  }
  out->tensors_ = std::move(tensors);
  out->file_ = std::fopen(out->partial_path_.c_str(), "wb");
  if (!out->file_) return out->write_error();
  KT_TRY(out->write_header(metadata));
  return out;
}

GgufWriter::~GgufWriter() {
  if (!file_) return;
  std::fclose(file_);
  ::unlink(partial_path_.c_str());
}

Error GgufWriter::write_error() const {
  return fail(12, path_ + ": cannot be written: " + std::strerror(errno),
              "is the folder there, writable, and is there room on the disk?");
}

Status GgufWriter::put(const void* data, size_t size) {
  if (std::fwrite(data, 1, size, file_) != size) return write_error();
  position_ += size;
  return {};
}

Status GgufWriter::pad() {
  constexpr char kZeros[kAlignment] = {};
  return put(kZeros, *checked_align(position_, kAlignment) - position_);
}

Status GgufWriter::write_header(const Metadata& metadata) {
  Bytes out;
  out.raw(std::as_bytes(std::span<const char>("GGUF", 4)));
  out.number(kVersion);
  out.number<uint64_t>(tensors_.size());
  out.number<uint64_t>(metadata.size());
  for (const auto& [key, value] : metadata) {
    out.text(key);
    put_value(out, value);
  }
  uint64_t offset = 0;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const GgufWriteTensor& tensor = tensors_[i];
    out.text(tensor.name);
    out.number(static_cast<uint32_t>(tensor.shape.size()));
    for (size_t d = tensor.shape.size(); d-- > 0;) out.number(static_cast<uint64_t>(tensor.shape[d]));
    out.number(static_cast<uint32_t>(tensor.dtype));
    out.number(offset);
    offset += *checked_align(bytes_[i], kAlignment);
  }
  KT_TRY(put(out.data().data(), out.data().size()));
  return pad();
}

Status GgufWriter::write(std::span<const std::byte> bytes) {
  if (current_ >= tensors_.size() || bytes.size() > bytes_[current_] - written_)
    return fail(12, path_ + ": more bytes are written than its tensors hold");
  KT_TRY(put(bytes.data(), bytes.size()));
  written_ += bytes.size();
  if (written_ < bytes_[current_]) return {};
  ++current_;
  written_ = 0;
  return pad();
}

Status GgufWriter::reserve() {
  uint64_t size = position_ - written_;
  for (size_t i = current_; i < tensors_.size(); ++i) size += *checked_align(bytes_[i], kAlignment);
  if (std::fflush(file_) != 0 || ::ftruncate(::fileno(file_), static_cast<off_t>(size)) != 0) return write_error();
  return {};
}

Status GgufWriter::finish() {
  if (current_ < tensors_.size()) return fail(12, path_ + ": tensor '" + tensors_[current_].name + "' is incomplete");
  const bool flushed = std::fflush(file_) == 0 && ::fsync(::fileno(file_)) == 0;
  if (!flushed || std::fclose(std::exchange(file_, nullptr)) != 0 || std::rename(partial_path_.c_str(), path_.c_str()) != 0)
    return write_error();
  return {};
}

GgufValue gguf_u32(uint32_t value) { return {GgufType::kU32, uint64_t{value}}; }
GgufValue gguf_f32(float value) { return {GgufType::kF32, static_cast<double>(value)}; }
GgufValue gguf_bool(bool value) { return {GgufType::kBool, value}; }
GgufValue gguf_text(std::string value) { return {GgufType::kString, std::move(value)}; }

GgufValue gguf_texts(std::vector<std::string> values) {
  GgufArray array;
  array.element = GgufType::kString;
  array.count = values.size();
  array.strings = std::move(values);
  return {GgufType::kArray, std::move(array)};
}

GgufValue gguf_i32s(const std::vector<int32_t>& values) { return numbers(GgufType::kI32, std::span(values)); }
GgufValue gguf_f32s(const std::vector<float>& values) { return numbers(GgufType::kF32, std::span(values)); }

}  // namespace kt::core
