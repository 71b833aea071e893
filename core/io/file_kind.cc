#include "core/io/file_kind.h"

#include <cstdint>
#include <string_view>

#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

struct Signature {
  std::string_view bytes;
  FileKind kind;
};

using namespace std::string_view_literals;

constexpr Signature kSignatures[] = {
    {"ggml"sv, FileKind::kOldGgml}, {"lmgg"sv, FileKind::kOldGgml},  {"ggmf"sv, FileKind::kOldGgml},
    {"fmgg"sv, FileKind::kOldGgml}, {"ggjt"sv, FileKind::kOldGgml},  {"tjgg"sv, FileKind::kOldGgml},
    {"GGML"sv, FileKind::kOldGgml}, {"GGJT"sv, FileKind::kOldGgml},  {"version https://git-lfs"sv, FileKind::kLfsPointer},
    {"PK\x03\x04"sv, FileKind::kZip}, {"\x80\x02"sv, FileKind::kPickle}, {"\x80\x03"sv, FileKind::kPickle},
    {"\x80\x04"sv, FileKind::kPickle}, {"\x80\x05"sv, FileKind::kPickle}, {"\x7F" "ELF"sv, FileKind::kElf},
    {"\x1F\x8B"sv, FileKind::kGzip}, {"\x28\xB5\x2F\xFD"sv, FileKind::kZstd},
};

struct Description {
  FileKind kind;
  std::string_view what;
  std::string_view hint;
};

constexpr std::string_view kFetchAgain = "fetch the file again";
constexpr Description kDescriptions[] = {
    {FileKind::kEmpty, "is empty", kFetchAgain},
    {FileKind::kGguf, "is a GGUF file", "pass the .gguf file itself as the model"},
    {FileKind::kGgufBigEndian, "is a big-endian GGUF file", "convert the model again for a little-endian machine"},
    {FileKind::kOldGgml, "is a GGML file of before GGUF", "convert the original model to GGUF"},
    {FileKind::kSafetensors, "is a safetensors file", "pass the folder with config.json as the model"},
    {FileKind::kJson, "is JSON text", kFetchAgain},
    {FileKind::kLfsPointer, "is a Git LFS pointer", "the weights were not downloaded: run 'git lfs pull' in the model's folder"},
    {FileKind::kHtml, "is a web page", "the download gave an error page: fetch the file again, logged in if the model asks for it"},
    {FileKind::kZip, "is a zip archive, as PyTorch's .bin and .pt files are", "kt reads safetensors and GGUF; convert the model"},
    {FileKind::kPickle, "is a Python pickle", "kt never runs pickles; convert the model to safetensors"},
    {FileKind::kElf, "is a program", "pass a model file"},
    {FileKind::kGzip, "is compressed with gzip", "decompress it first"},
    {FileKind::kZstd, "is compressed with zstd", "decompress it first"},
};

bool is_html(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (start == std::string_view::npos) return false;
  std::string tag;
  for (const char c : text.substr(start, 9)) tag += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return tag.starts_with("<!doctype") || tag.starts_with("<html") || tag.starts_with("<head");
}

}  // namespace

FileKind file_kind(std::span<const std::byte> head) {
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  if (text.empty()) return FileKind::kEmpty;
  if (text.starts_with("GGUF")) {
    const bool is_swapped = text.size() >= 8 && text[4] == 0 && text[5] == 0 && text[7] != 0;
    return is_swapped ? FileKind::kGgufBigEndian : FileKind::kGguf;
  }
  for (const Signature& signature : kSignatures)
    if (text.starts_with(signature.bytes)) return signature.kind;
  if (is_html(text)) return FileKind::kHtml;
  if (text.size() > 8 && text[8] == '{' && text.substr(4, 4) == std::string_view("\0\0\0\0", 4)) return FileKind::kSafetensors;
  return text[0] == '{' || text[0] == '[' ? FileKind::kJson : FileKind::kUnknown;
}

Error wrong_kind(int code, const std::string& file, std::span<const std::byte> head, const std::string& wanted) {
  const FileKind kind = file_kind(head);
  for (const Description& description : kDescriptions)
    if (description.kind == kind)
      return fail(code, file + ": " + std::string(description.what) + ", not a " + wanted + " file", std::string(description.hint));
  const std::string_view start(reinterpret_cast<const char*>(head.data()), head.size() < 4 ? head.size() : 4);
  return fail(code, file + ": starts with " + shown(start) + " and is not a " + wanted + " file", std::string(kFetchAgain));
}

}  // namespace kt::core
