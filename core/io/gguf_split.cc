#include <cstdio>
#include <filesystem>

#include "core/io/gguf.h"
#include "core/io/open_file.h"
#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

constexpr int64_t kMaxParts = 4096;

// What the metadata says about the part; one part if it says nothing.
struct Split {
  int64_t number = 0;
  int64_t count = 1;
  int64_t tensors = -1;  // of all parts
};

Result<int64_t> split_key(const GgufFile& file, const char* key, int64_t missing) {
  const GgufValue* value = file.find(key);
  if (value == nullptr) return missing;
  const std::optional<int64_t> number = value->as_int();
  if (!number || *number < 0) return fail(403, file.file->path() + ": key '" + key + "' is no number of parts or tensors");
  return *number;
}

Result<Split> split_of(const GgufFile& file) {
  Split split;
  split.number = KT_TRY(split_key(file, "split.no", 0));
  split.count = KT_TRY(split_key(file, "split.count", 1));
  split.tensors = KT_TRY(split_key(file, "split.tensors.count", -1));
  if (split.count == 0) split.count = 1;  // merged again
  if (split.count > kMaxParts || split.number >= split.count)
    return fail(403, file.file->path() + ": says that it is part " + std::to_string(split.number + 1) + " of " +
                         std::to_string(split.count));
  return split;
}

std::string part_suffix(int64_t number, int64_t count) {
  char text[64];
  std::snprintf(text, sizeof text, "-%05d-of-%05d.gguf", static_cast<int>(number + 1), static_cast<int>(count));
  return text;
}

Status check_part(const GgufFile& file, const Split& first, int64_t number) {
  const Split split = KT_TRY(split_of(file));
  if (split.number == number && split.count == first.count) return {};
  return fail(405, file.file->path() + ": is part " + std::to_string(split.number + 1) + " of " + std::to_string(split.count) +
                       " by its metadata, not what its name says",
              "the parts belong to different models, or files were renamed; fetch them again");
}

Status check_tensor_count(const GgufModel& model, const Split& first) {
  size_t count = 0;
  for (const GgufFile& part : model.parts) count += part.tensors.size();
  const std::string& path = model.parts.front().file->path();
  if (first.tensors < 0 || static_cast<uint64_t>(first.tensors) == count) return {};
  return fail(403, path + ": says that all parts hold " + std::to_string(first.tensors) + " tensors, they hold " + std::to_string(count));
}

}  // namespace

Result<GgufModel> open_gguf(const std::string& path) {
  GgufModel model;
  model.parts.push_back(KT_TRY(read_gguf(KT_TRY(MappedFile::open(path)))));
  const Split first = KT_TRY(split_of(model.parts.front()));
  if (first.count > 1) {
    const std::filesystem::path whole(path);
    const std::string name = whole.filename().string(), suffix = part_suffix(first.number, first.count);
    if (!name.ends_with(suffix))
      return fail(405, path + ": is one of " + std::to_string(first.count) + " parts, but its name does not end in " + shown(suffix),
                  "give the parts their original names");
    const std::string stem = name.substr(0, name.size() - suffix.size());
    if (first.number != 0)
      return fail(405, path + ": is part " + std::to_string(first.number + 1) + " of " + std::to_string(first.count),
                  "pass the first part, " + shown((whole.parent_path() / (stem + part_suffix(0, first.count))).string()));
    const std::string folder = whole.has_parent_path() ? whole.parent_path().string() : ".";
    for (int64_t i = 1; i < first.count; ++i) {
      model.parts.push_back(KT_TRY(read_gguf(KT_TRY(MappedFile::open_in(folder, stem + part_suffix(i, first.count))))));
      KT_TRY(check_part(model.parts.back(), first, i));
    }
  }
  KT_TRY(check_tensor_count(model, first));
  return model;
}

}  // namespace kt::core
