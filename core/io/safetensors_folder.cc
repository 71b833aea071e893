#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/io/file_kind.h"
#include "core/io/open_file.h"
#include "core/io/safetensors.h"
#include "core/io/safetensors_index.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kSingleName = "model.safetensors";
constexpr uint64_t kMaxIndexBytes = 64 << 20;

Result<SafetensorsFile> open_one(const std::string& folder, const std::string& name) {
  return read_safetensors(KT_TRY(MappedFile::open_in(folder, name)));
}

std::vector<std::string> names_in(const std::string& folder, const std::string& ending) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.ends_with(ending)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct ShardName {
  std::string stem;
  int number = 0, count = 0;
};

std::optional<int> five_digits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// "STEM-00002-of-00005.safetensors"
std::optional<ShardName> shard_name(std::string_view name) {
  constexpr std::string_view kEnding = ".safetensors";
  constexpr size_t kSuffix = std::string_view("-00002-of-00005").size();
  if (name.size() < kSuffix + kEnding.size()) return std::nullopt;
  name.remove_suffix(kEnding.size());
  const std::string_view suffix = name.substr(name.size() - kSuffix);
  const std::optional<int> number = five_digits(suffix.substr(1, 5)), count = five_digits(suffix.substr(10, 5));
  if (suffix[0] != '-' || suffix.substr(6, 4) != "-of-" || !number || !count) return std::nullopt;
  return ShardName{std::string(name.substr(0, name.size() - kSuffix)), *number, *count};
}

// Without an index the names must be those of one complete set.
Status check_shards(const std::string& folder, const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    const std::optional<ShardName> shard = shard_name(names[i]), first = shard_name(names[0]);
    if (!shard || shard->stem != first->stem || shard->count != first->count)
      return fail(405, folder + ": holds several .safetensors files and no " + kIndexName,
                  "fetch the index, or leave the files of one model only");
    if (shard->number == static_cast<int>(i + 1) && (i + 1 < names.size() || shard->number == shard->count)) continue;
    return fail(402, folder + ": holds " + std::to_string(names.size()) + " of the " + std::to_string(shard->count) + " files of " +
                         shown(shard->stem), "fetch the missing files");
  }
  return {};
}

// A file that merely holds more than the index says is fine; a tensor of the index that its file lacks is not.
Status check_index(const SafetensorsIndex& index, const std::vector<SafetensorsFile>& files, const std::string& path) {
  std::vector<std::vector<std::string_view>> names(files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    for (const SafetensorsTensor& tensor : files[i].tensors) names[i].push_back(tensor.name);
    std::sort(names[i].begin(), names[i].end());
  }
  for (const auto& [tensor, file] : index.of)
    if (!std::binary_search(names[file].begin(), names[file].end(), tensor))
      return fail(405, path + ": says that tensor " + shown(tensor) + " is in " + shown(index.files[file]) + ", but it is not",
                  "index and files belong to different versions of the model; fetch them again");
  return {};
}

Result<std::vector<SafetensorsFile>> open_indexed(const std::string& folder) {
  const std::string path = folder + "/" + kIndexName;
  const std::string text = KT_TRY(read_file_beneath(folder, kIndexName, kMaxIndexBytes));
  const auto head = std::as_bytes(std::span(text)).first(std::min(text.size(), kSniffedBytes));
  if (file_kind(head) != FileKind::kJson && file_kind(head) != FileKind::kUnknown) return wrong_kind(405, path, head, "index");
  const SafetensorsIndex index = KT_TRY(parse_safetensors_index(text, path));
  std::vector<SafetensorsFile> files;
  for (const std::string& name : index.files) files.push_back(KT_TRY(open_one(folder, name)));
  KT_TRY(check_index(index, files, path));
  return files;
}

}  // namespace

Result<std::vector<SafetensorsFile>> open_safetensors_folder(const std::string& folder) {
  std::error_code ignored;
  std::vector<SafetensorsFile> files;
  if (fs::exists(fs::symlink_status(folder + "/" + kIndexName, ignored))) return open_indexed(folder);
  std::vector<std::string> names = names_in(folder, ".safetensors");
  if (std::find(names.begin(), names.end(), kSingleName) != names.end()) names = {kSingleName};
  if (names.size() > 1 || (names.size() == 1 && shard_name(names[0]))) KT_TRY(check_shards(folder, names));
  for (const std::string& name : names) files.push_back(KT_TRY(open_one(folder, name)));
  return files;
}

}  // namespace kt::core
