#include <algorithm>
#include <limits>
#include <numeric>

#include "core/io/byte_reader.h"
#include "core/io/file_kind.h"
#include "core/io/gguf.h"
#include "core/io/gguf_metadata.h"
#include "core/io/untrusted_text.h"
#include "core/tensor/checked.h"
#include "core/tensor/shape.h"
#include "kt/format/dtype.h"

namespace kt::core {
namespace {

constexpr uint64_t kMaxNameBytes = 63;  // ggml keeps names in 64 bytes with a NUL
constexpr uint32_t kMaxRank = 4;
constexpr uint64_t kMinAlignment = 8;
constexpr uint64_t kMaxAlignment = 1 << 20;
constexpr uint64_t kMinTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;  // name length, name, rank, one dimension, type, offset

struct Counts {
  uint64_t tensors;
  uint64_t keys;
};

Result<Counts> read_preamble(ByteReader& reader, GgufFile& out) {
  const std::string& path = out.file->path();
  std::byte head[kSniffedBytes];
  const std::span<std::byte> start(head, std::min<uint64_t>(kSniffedBytes, out.file->size()));
  KT_TRY(out.file->read(0, start));
  if (file_kind(start) != FileKind::kGguf) return wrong_kind(403, path, start, "GGUF");
  KT_TRY(reader.number<uint32_t>("the magic"));
  out.version = KT_TRY(reader.number<uint32_t>("the version"));
  if (out.version != 2 && out.version != 3)
    return fail(403, path + ": has GGUF version " + std::to_string(out.version) + ", kt reads versions 2 and 3",
                out.version == 1 ? "convert the original model again" : "update kt, or fetch the file again if it is damaged");
  Counts counts{};
  counts.tensors = KT_TRY(reader.number<uint64_t>("the number of tensors"));
  counts.keys = KT_TRY(reader.number<uint64_t>("the number of keys"));
  return counts;
}

Result<uint64_t> alignment_of(const GgufFile& file) {
  const GgufValue* value = file.find("general.alignment");
  if (value == nullptr) return uint64_t{32};
  const std::optional<int64_t> number = value->type == GgufType::kU32 ? value->as_int() : std::nullopt;
  const uint64_t alignment = number ? static_cast<uint64_t>(*number) : 0;
  const bool is_power = alignment != 0 && (alignment & (alignment - 1)) == 0;
  if (!is_power || alignment < kMinAlignment || alignment > kMaxAlignment)
    return fail(403, file.file->path() + ": key 'general.alignment' must be a u32 power of two from 8 to 1048576");
  return alignment;
}

Result<std::vector<int64_t>> read_shape(ByteReader& reader, const std::string& what) {
  const uint32_t rank = KT_TRY(reader.number<uint32_t>("a tensor's rank"));
  if (rank < 1 || rank > kMaxRank) return reader.error(what + " has " + std::to_string(rank) + " dimensions, not 1 to 4");
  std::vector<int64_t> shape(rank);
  for (uint32_t i = 0; i < rank; ++i) {
    const uint64_t dim = KT_TRY(reader.number<uint64_t>("a dimension"));
    if (dim < 1 || dim > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return reader.error(what + " has a dimension of " + std::to_string(dim));
    shape[rank - 1 - i] = static_cast<int64_t>(dim);
  }
  return shape;
}

Result<int32_t> read_dtype(ByteReader& reader, const GgufFile& file, const std::string& what) {
  const uint32_t number = KT_TRY(reader.number<uint32_t>("a tensor's type"));
  if (number < KT_F8_E4M3 && format::dtype_info(static_cast<int32_t>(number)) != nullptr) return static_cast<int32_t>(number);
  return fail(407, file.file->path() + ": " + what + " has the type " + std::to_string(number) + ", which kt does not know",
              "quantise the model again with a type of 'kt help formats', or update kt");
}

// `end` is where the tensors read so far end, from the start of the data.
Result<GgufTensor> read_tensor(ByteReader& reader, const GgufFile& file, uint64_t& end) {
  GgufTensor tensor;
  tensor.name = KT_TRY(reader.string("a tensor's name", kMaxNameBytes));
  const std::string what = "tensor " + shown(tensor.name);
  if (!is_name(tensor.name)) return reader.error("the name of " + what + " is empty or no UTF-8 text");
  tensor.shape = KT_TRY(read_shape(reader, what));
  tensor.dtype = KT_TRY(read_dtype(reader, file, what));
  const std::optional<uint64_t> bytes = tensor_bytes(tensor.dtype, tensor.shape);
  if (!bytes)
    return reader.error(what + " of shape " + shape_text(tensor.shape) + " has no size in " + dtype_name(tensor.dtype) +
                        ": its rows are no whole blocks, or it is too large");
  tensor.bytes = *bytes;
  tensor.offset = KT_TRY(reader.number<uint64_t>("a tensor's offset"));
  const uint64_t expected = *checked_align(end, file.alignment);
  if (tensor.offset != expected)
    return reader.error(what + " is at offset " + std::to_string(tensor.offset) + ", not after the tensor before it at " +
                        std::to_string(expected));
  if (!range_fits(tensor.offset, tensor.bytes, reader.remaining()))
    return reader.error(what + " of " + std::to_string(tensor.bytes) + " bytes runs past the end of the file");
  end = tensor.offset + tensor.bytes;
  return tensor;
}

Status check_unique_names(const GgufFile& file) {
  std::vector<uint32_t> order(file.tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto name = [&](uint32_t i) -> const std::string& { return file.tensors[i].name; };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return name(a) < name(b); });
  const auto twin = std::adjacent_find(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return name(a) == name(b); });
  if (twin == order.end()) return {};
  return fail(403, file.file->path() + ": tensor " + shown(name(*twin)) + " appears twice");
}

// Turns offsets into positions in the file, whose last byte must belong to the last tensor or its padding.
Status place_tensors(GgufFile& file, uint64_t header_bytes, uint64_t data_bytes) {
  const uint64_t size = file.file->size();
  const std::string& path = file.file->path();
  if (file.tensors.empty()) return {};
  const std::optional<uint64_t> start = checked_align(header_bytes, file.alignment);
  if (!start || !range_fits(*start, data_bytes, size)) {
    const GgufTensor& last = file.tensors.back();
    return fail(403, path + ": tensor " + shown(last.name) + " runs past the end of the file at byte " + std::to_string(size),
                "the file is incomplete; fetch it again");
  }
  const uint64_t rest = size - *start - data_bytes;
  if (rest >= file.alignment)
    return fail(403, path + ": has " + std::to_string(rest) + " bytes behind its last tensor",
                "the table of tensors is damaged, or something was appended; fetch the file again");
  for (GgufTensor& tensor : file.tensors) tensor.offset += *start;
  return {};
}

}  // namespace

Result<GgufFile> read_gguf(std::shared_ptr<const MappedFile> file) {
  GgufFile out;
  out.file = std::move(file);
  ByteReader reader(*out.file, 403);
  const Counts counts = KT_TRY(read_preamble(reader, out));
  if (counts.tensors > reader.remaining() / kMinTensorBytes)
    return reader.error("the file claims " + std::to_string(counts.tensors) + " tensors, more than it can hold");
  out.metadata = KT_TRY(read_gguf_metadata(reader, counts.keys));
  out.alignment = KT_TRY(alignment_of(out));
  if (counts.tensors > reader.remaining() / kMinTensorBytes)
    return reader.error("the file claims " + std::to_string(counts.tensors) + " tensors, more than it can hold");
  out.tensors.reserve(counts.tensors);
  uint64_t end = 0;
  for (uint64_t i = 0; i < counts.tensors; ++i) out.tensors.push_back(KT_TRY(read_tensor(reader, out, end)));
  KT_TRY(place_tensors(out, reader.position(), end));
  KT_TRY(check_unique_names(out));
  return out;
}

}  // namespace kt::core
