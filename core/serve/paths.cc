#include "core/serve/paths.h"

#include <filesystem>
#include <sstream>

namespace kt::core {
namespace {

namespace fs = std::filesystem;

// <prefix>/bin/kt -> <prefix>
fs::path prefix_of(const Environment& environment) { return fs::path(environment.program).parent_path().parent_path(); }

void add_if_folder(std::vector<std::string>& out, const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) out.push_back(path.string());
}

}  // namespace

std::vector<std::string> plugin_folders(const Environment& environment, const std::vector<std::string>& named) {
  std::vector<std::string> out = named;
  std::istringstream list(environment.plugin_path);
  for (std::string folder; std::getline(list, folder, ':');)
    if (!folder.empty()) out.push_back(folder);
  if (!environment.data_home.empty()) add_if_folder(out, fs::path(environment.data_home) / "kt/plugins");
  for (const char* library_folder : {"lib", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"})
    for (const char* kind : {"kt/plugins", "kt/models"}) add_if_folder(out, prefix_of(environment) / library_folder / kind);
  return out;
}

std::vector<std::string> rule_folders(const Environment& environment) {
  std::vector<std::string> out;
  if (!environment.config_home.empty()) add_if_folder(out, fs::path(environment.config_home) / "kt/rules");
  add_if_folder(out, prefix_of(environment) / "share/kt/rules");
  return out;
}

std::vector<std::string> model_folders(const Environment& environment) {
  std::vector<std::string> out;
  if (!environment.data_home.empty()) add_if_folder(out, fs::path(environment.data_home) / "kt/models");
  add_if_folder(out, prefix_of(environment) / "share/kt/models");
  return out;
}

}  // namespace kt::core
