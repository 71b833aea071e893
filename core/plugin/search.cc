#include "core/plugin/search.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace kt::core {
namespace {

namespace fs = std::filesystem;

Status check_owner(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return fail(606, path + " cannot be read");
  if (info.st_uid != 0 && info.st_uid != geteuid())
    return fail(606, path + " belongs to another user", "plugins are loaded from files of your own or of root");
  if (info.st_mode & S_IWOTH) return fail(606, path + " can be changed by any user", "chmod o-w " + path);
  return {};
}

bool looks_like_library(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("lib") && name.ends_with(".so");
}

std::vector<LibraryFile> files_of(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (looks_like_library(entry.path())) names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  std::vector<LibraryFile> out;
  for (const std::string& name : names) out.push_back(library_file(name));
  return out;
}

}  // namespace

LibraryFile library_file(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return {path, fail(606, path + " cannot be read: " + error.message())};
  Status status = check_owner(real.parent_path().string());
  if (status.ok()) status = check_owner(real.string());
  return {real.string(), std::move(status)};
}

std::vector<LibraryFile> find_libraries(const std::vector<std::string>& folders) {
  std::vector<LibraryFile> out;
  for (const std::string& folder : folders) {
    if (!fs::path(folder).is_absolute()) {
      out.push_back({folder, fail(606, "plugin folder '" + folder + "' is not absolute", "write the whole path, from /")});
      continue;
    }
    for (LibraryFile& file : files_of(folder)) {
      const bool known = std::any_of(out.begin(), out.end(), [&](const LibraryFile& other) { return other.path == file.path; });
      if (!known) out.push_back(std::move(file));
    }
  }
  return out;
}

}  // namespace kt::core
