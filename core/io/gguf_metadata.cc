#include "core/io/gguf_metadata.h"

#include <algorithm>

#include "core/io/untrusted_text.h"
#include "core/tensor/checked.h"

namespace kt::core {
namespace {

constexpr uint64_t kMaxKeys = 65536;
constexpr uint64_t kMaxKeyBytes = 65535;
constexpr uint64_t kMinEntryBytes = 8 + 1 + 4 + 1;  // key length, key, type, value
constexpr uint64_t kMinStringBytes = 8;

// Bytes of a number or boolean in the file; 0 for the other types.
uint64_t packed_bytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool: return 1;
    case GgufType::kU16:
    case GgufType::kI16: return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32: return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64: return 8;
    default: return 0;
  }
}

// Reads the values of one key; its name is part of every error.
class ValueReader {
 public:
  ValueReader(ByteReader& reader, const std::string& key) : reader_(reader), key_(key) {}

  Status into(GgufValue& out) {
    out.type = KT_TRY(type());
    if (out.type == GgufType::kArray) {
      out.value = KT_TRY(array());
    } else if (out.type == GgufType::kString) {
      out.value = KT_TRY(text());
    } else {
      KT_TRY(number(out));
    }
    return {};
  }

 private:
  Error error(const std::string& reason) const { return reader_.error("key " + shown(key_) + " " + reason); }

  Result<GgufType> type() {
    const uint32_t number = KT_TRY(reader_.number<uint32_t>("a value's type"));
    if (number > static_cast<uint32_t>(GgufType::kF64)) return error("has the unknown value type " + std::to_string(number));
    return static_cast<GgufType>(number);
  }

  Result<std::string> text() {
    std::string text = KT_TRY(reader_.string("a string", reader_.remaining()));
    if (!is_utf8(text)) return error("is not UTF-8");
    return text;
  }

  Result<bool> boolean() {
    const uint8_t byte = KT_TRY(reader_.number<uint8_t>("a boolean"));
    if (byte > 1) return error("has the boolean " + std::to_string(byte) + ", not 0 or 1");
    return byte == 1;
  }

  Status number(GgufValue& out) {
    const char* what = "a number";
    switch (out.type) {
      case GgufType::kU8: out.value = uint64_t{KT_TRY(reader_.number<uint8_t>(what))}; break;
      case GgufType::kI8: out.value = int64_t{KT_TRY(reader_.number<int8_t>(what))}; break;
      case GgufType::kU16: out.value = uint64_t{KT_TRY(reader_.number<uint16_t>(what))}; break;
      case GgufType::kI16: out.value = int64_t{KT_TRY(reader_.number<int16_t>(what))}; break;
      case GgufType::kU32: out.value = uint64_t{KT_TRY(reader_.number<uint32_t>(what))}; break;
      case GgufType::kI32: out.value = int64_t{KT_TRY(reader_.number<int32_t>(what))}; break;
      case GgufType::kU64: out.value = uint64_t{KT_TRY(reader_.number<uint64_t>(what))}; break;
      case GgufType::kI64: out.value = int64_t{KT_TRY(reader_.number<int64_t>(what))}; break;
      case GgufType::kF32: out.value = double{KT_TRY(reader_.number<float>(what))}; break;
      case GgufType::kF64: out.value = double{KT_TRY(reader_.number<double>(what))}; break;
      default: out.value = bool{KT_TRY(boolean())}; break;
    }
    return {};
  }

  Result<GgufArray> array() {
    GgufArray array;
    array.element = KT_TRY(type());
    if (array.element == GgufType::kArray) return error("is an array of arrays");
    array.count = KT_TRY(reader_.number<uint64_t>("an array's length"));
    const bool is_text = array.element == GgufType::kString;
    const std::optional<uint64_t> bytes = checked_mul(array.count, is_text ? kMinStringBytes : packed_bytes(array.element));
    if (!bytes || *bytes > reader_.remaining())
      return error("is an array of " + std::to_string(array.count) + " values, more than the file can hold");
    KT_TRY(is_text ? strings(array) : packed(array, *bytes));
    return array;
  }

  Status strings(GgufArray& array) {
    array.strings.reserve(array.count);
    for (uint64_t i = 0; i < array.count; ++i)
      array.strings.push_back(KT_TRY(reader_.string("a string of an array", reader_.remaining())));
    return {};
  }

  Status packed(GgufArray& array, uint64_t bytes) {
    array.packed.resize(bytes);
    KT_TRY(reader_.bytes_into(array.packed, "an array"));
    const auto is_wrong = [](std::byte value) { return value > std::byte{1}; };
    if (array.element == GgufType::kBool && std::any_of(array.packed.begin(), array.packed.end(), is_wrong))
      return error("has a boolean that is not 0 or 1");
    return {};
  }

  ByteReader& reader_;
  const std::string& key_;
};

Result<std::string> read_key(ByteReader& reader) {
  std::string key = KT_TRY(reader.string("a key", kMaxKeyBytes));
  if (!is_name(key)) return reader.error("the key " + shown(key) + " is empty or no UTF-8 text");
  return key;
}

}  // namespace

Result<GgufMetadata> read_gguf_metadata(ByteReader& reader, uint64_t count) {
  if (count > kMaxKeys || count > reader.remaining() / kMinEntryBytes)
    return reader.error("the file claims " + std::to_string(count) + " keys, more than it can hold");
  GgufMetadata metadata;
  for (uint64_t i = 0; i < count; ++i) {
    const auto [entry, is_new] = metadata.try_emplace(KT_TRY(read_key(reader)));
    if (!is_new) return reader.error("the key " + shown(entry->first) + " appears twice");
    KT_TRY(ValueReader(reader, entry->first).into(entry->second));
  }
  return metadata;
}

}  // namespace kt::core
