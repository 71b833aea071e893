#include <algorithm>

#include "core/io/byte_reader.h"
#include "core/io/file_kind.h"
#include "core/io/safetensors.h"
#include "core/io/safetensors_header.h"
#include "core/io/untrusted_text.h"
#include "core/tensor/checked.h"

namespace kt::core {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format
constexpr const char* kDamaged = "the file is damaged or incomplete; fetch it again";

Result<std::string> read_header_text(const MappedFile& file) {
  std::byte head[kSniffedBytes];
  const std::span<std::byte> start(head, std::min<uint64_t>(kSniffedBytes, file.size()));
  KT_TRY(file.read(0, start));
  const FileKind kind = file_kind(start);
  if (kind != FileKind::kSafetensors && kind != FileKind::kUnknown) return wrong_kind(404, file.path(), start, "safetensors");
  ByteReader reader(file, 404);
  const uint64_t length = KT_TRY(reader.number<uint64_t>("the length of the header"));
  if (length < 2 || length > kMaxHeaderBytes || length > reader.remaining()) {
    if (kind == FileKind::kUnknown) return wrong_kind(404, file.path(), start, "safetensors");
    return fail(404,
                file.path() + ": claims a header of " + std::to_string(length) + " bytes, the file has " +
                    std::to_string(reader.remaining()) + " after its length",
                kDamaged);
  }
  std::string text(length, '\0');
  KT_TRY(reader.bytes_into(std::as_writable_bytes(std::span(text)), "the header"));
  if (text.front() != '{') return fail(404, file.path() + ": the header does not begin with '{'", kDamaged);
  return text;
}

// The tensors must cover the data once, from its first byte to its last.
Status check_layout(std::vector<SafetensorsTensor>& tensors, const std::string& path, uint64_t data_bytes) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const SafetensorsTensor& a, const SafetensorsTensor& b) {
    return a.offset != b.offset ? a.offset < b.offset : a.bytes < b.bytes;
  });
  uint64_t end = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    if (tensor.offset != end)
      return fail(404,
                  path + ": tensor " + shown(tensor.name) + " begins at byte " + std::to_string(tensor.offset) +
                      " of the data, the one before it ends at " + std::to_string(end),
                  kDamaged);
    if (!range_fits(tensor.offset, tensor.bytes, data_bytes))
      return fail(404, path + ": tensor " + shown(tensor.name) + " runs past the end of the file", kDamaged);
    end += tensor.bytes;
  }
  if (end == data_bytes) return {};
  return fail(404, path + ": has " + std::to_string(data_bytes - end) + " bytes behind its last tensor", kDamaged);
}

}  // namespace

Result<SafetensorsFile> read_safetensors(std::shared_ptr<const MappedFile> file) {
  const std::string text = KT_TRY(read_header_text(*file));
  SafetensorsHeader header = KT_TRY(parse_safetensors_header(text, file->path()));
  const uint64_t data_begin = 8 + text.size();
  KT_TRY(check_layout(header.tensors, file->path(), file->size() - data_begin));
  for (SafetensorsTensor& tensor : header.tensors) tensor.offset += data_begin;
  return SafetensorsFile{std::move(file), std::move(header.metadata), std::move(header.tensors)};
}

}  // namespace kt::core
