#include "core/io/weight_store.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <system_error>

#include "core/io/file_kind.h"
#include "core/io/open_file.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

using StorePointer = std::shared_ptr<const WeightStore>;

template <class Tensor>
TensorEntry entry_of(const Tensor& tensor, const MappedFile& file, int file_index) {
  return {tensor.name, tensor.dtype, tensor.shape, file.bytes().data() + tensor.offset, tensor.bytes, file_index};
}

Result<bool> is_gguf(const MappedFile& file) {
  std::byte head[kSniffedBytes];
  const std::span<std::byte> start(head, std::min<uint64_t>(kSniffedBytes, file.size()));
  KT_TRY(file.read(0, start));
  const FileKind kind = file_kind(start);
  return kind == FileKind::kGguf || kind == FileKind::kGgufBigEndian || !file.path().ends_with(".safetensors");
}

}  // namespace

Result<StorePointer> WeightStore::open(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    std::vector<SafetensorsFile> files = KT_TRY(open_safetensors_folder(path));
    if (files.empty()) return fail(402, path + ": holds no .safetensors files", "pass a GGUF file or a folder with safetensors");
    return from(std::move(files));
  }
  const std::shared_ptr<const MappedFile> file = KT_TRY(MappedFile::open(path));
  if (KT_TRY(is_gguf(*file))) return from(KT_TRY(open_gguf(path)));
  std::vector<SafetensorsFile> files;
  files.push_back(KT_TRY(read_safetensors(file)));
  return from(std::move(files));
}

Result<StorePointer> WeightStore::from(const GgufModel& model) {
  WeightStore store;
  for (const GgufFile& part : model.parts) {
    for (const GgufTensor& tensor : part.tensors)
      store.tensors_.push_back(entry_of(tensor, *part.file, static_cast<int>(store.files_.size())));
    store.files_.push_back(part.file);
  }
  KT_TRY(store.build_index());
  return std::make_shared<const WeightStore>(std::move(store));
}

Result<StorePointer> WeightStore::from(std::vector<SafetensorsFile> files) {
  WeightStore store;
  for (const SafetensorsFile& file : files) {
    for (const SafetensorsTensor& tensor : file.tensors)
      store.tensors_.push_back(entry_of(tensor, *file.file, static_cast<int>(store.files_.size())));
    store.files_.push_back(file.file);
  }
  KT_TRY(store.build_index());
  return std::make_shared<const WeightStore>(std::move(store));
}

Status WeightStore::build_index() {
  if (tensors_.empty())
    return fail(403, files_.front()->path() + ": holds no tensors", "pass the model, not its vocabulary or an empty file");
  by_name_.resize(tensors_.size());
  std::iota(by_name_.begin(), by_name_.end(), 0u);
  const auto name = [&](uint32_t i) -> const std::string& { return tensors_[i].name; };
  std::sort(by_name_.begin(), by_name_.end(), [&](uint32_t a, uint32_t b) { return name(a) < name(b); });
  for (size_t i = 1; i < by_name_.size(); ++i) {
    const TensorEntry &a = tensors_[by_name_[i - 1]], &b = tensors_[by_name_[i]];
    if (a.name == b.name)
      return fail(405, "tensor " + shown(a.name) + " is in " + files_[a.file_index]->path() + " and in " + files_[b.file_index]->path(),
                  "leave the files of one model only");
  }
  for (const TensorEntry& tensor : tensors_) total_bytes_ += tensor.bytes;
  return {};
}

const TensorEntry* WeightStore::find(std::string_view name) const {
  const auto it = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                   [&](uint32_t i, std::string_view wanted) { return tensors_[i].name < wanted; });
  return it != by_name_.end() && tensors_[*it].name == name ? &tensors_[*it] : nullptr;
}

Status WeightStore::check(const TensorEntry& tensor) const {
  const MappedFile& file = *files_[tensor.file_index];
  return file.check(static_cast<uint64_t>(tensor.data - file.bytes().data()), tensor.bytes);
}

void WeightStore::release(const TensorEntry& tensor) const {
  const MappedFile& file = *files_[tensor.file_index];
  file.release(static_cast<uint64_t>(tensor.data - file.bytes().data()), tensor.bytes);
}

}  // namespace kt::core
