#include <cstring>
#include <limits>

#include "core/io/gguf.h"

namespace kt::core {
namespace {

template <class T>
T load(const GgufArray& array, uint64_t index) {
  T value;
  std::memcpy(&value, array.packed.data() + index * sizeof(T), sizeof(T));
  return value;
}

std::optional<int64_t> fitting(uint64_t value) {
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return static_cast<int64_t>(value);
}

}  // namespace

std::string_view gguf_type_name(GgufType type) {
  constexpr std::string_view kNames[] = {"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "string", "array", "u64", "i64", "f64"};
  const auto number = static_cast<uint32_t>(type);
  return number < std::size(kNames) ? kNames[number] : "unknown";
}

std::optional<int64_t> GgufArray::int_at(uint64_t index) const {
  if (index >= count) return std::nullopt;
  switch (element) {
    case GgufType::kU8: return load<uint8_t>(*this, index);
    case GgufType::kI8: return load<int8_t>(*this, index);
    case GgufType::kU16: return load<uint16_t>(*this, index);
    case GgufType::kI16: return load<int16_t>(*this, index);
    case GgufType::kU32: return load<uint32_t>(*this, index);
    case GgufType::kI32: return load<int32_t>(*this, index);
    case GgufType::kU64: return fitting(load<uint64_t>(*this, index));
    case GgufType::kI64: return load<int64_t>(*this, index);
    default: return std::nullopt;
  }
}

std::optional<double> GgufArray::float_at(uint64_t index) const {
  if (index >= count) return std::nullopt;
  if (element == GgufType::kF32) return static_cast<double>(load<float>(*this, index));
  if (element == GgufType::kF64) return load<double>(*this, index);
  if (element == GgufType::kU64) return static_cast<double>(load<uint64_t>(*this, index));
  const std::optional<int64_t> integer = int_at(index);
  if (!integer) return std::nullopt;
  return static_cast<double>(*integer);
}

std::optional<bool> GgufArray::bool_at(uint64_t index) const {
  if (index >= count || element != GgufType::kBool) return std::nullopt;
  return packed[index] != std::byte{0};
}

const std::string* GgufArray::string_at(uint64_t index) const { return index < strings.size() ? &strings[index] : nullptr; }

std::optional<int64_t> GgufValue::as_int() const {
  if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
  if (const auto* natural = std::get_if<uint64_t>(&value)) return fitting(*natural);
  return std::nullopt;
}

std::optional<double> GgufValue::as_float() const {
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* integer = std::get_if<int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* natural = std::get_if<uint64_t>(&value)) return static_cast<double>(*natural);
  return std::nullopt;
}

std::optional<bool> GgufValue::as_bool() const {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  return std::nullopt;
}

const std::string* GgufValue::as_string() const { return std::get_if<std::string>(&value); }

const GgufArray* GgufValue::as_array() const { return std::get_if<GgufArray>(&value); }

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto it = metadata.find(key);
  return it == metadata.end() ? nullptr : &it->second;
}

}  // namespace kt::core
