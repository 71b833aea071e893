// Checks of the installation: plugins, other programs of the name, space on the disk.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "apps/kt/doctor_checks.h"

namespace kt::app {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLittleSpace = uint64_t{1} << 30;

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }

// Replaces `word` where it does not stand inside another word.
void replace_word(std::string& text, const std::string& word, const std::string& by) {
  if (word.empty()) return;
  size_t at = 0;
  while ((at = text.find(word, at)) != std::string::npos) {
    const size_t end = at + word.size();
    const bool whole = (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
    if (whole) text.replace(at, word.size(), by);
    at += whole ? by.size() : 1;
  }
}

// One problem is left of a refused library if nothing else serves its plugin.
Grade grade_of(const core::PluginRecord& record, const std::vector<core::PluginRecord>& all) {
  const bool served = std::any_of(all.begin(), all.end(), [&](const core::PluginRecord& other) {
    return other.loaded && !record.manifest.name.empty() && other.manifest.name == record.manifest.name;
  });
  if (record.loaded || served) return Grade::kOk;
  return record.reason.find("KT-E0701") == std::string::npos ? Grade::kProblem : Grade::kWarning;
}

// "kt: error[KT-E0604]: TEXT\n  hint: TEXT" without the program's name and line breaks.
std::string one_line(std::string reason) {
  if (reason.starts_with("kt: ")) reason.erase(0, 4);
  if (const size_t hint = reason.find("\n  hint: "); hint != std::string::npos) reason.erase(hint);
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return reason;
}

Finding check_library(const core::PluginRecord& record, const std::vector<core::PluginRecord>& all, const Anonymiser& anonymous) {
  const std::string file = fs::path(record.path).filename().string();
  if (!record.loaded) {
    const Grade grade = grade_of(record, all);
    const bool needless = record.reason.starts_with("not needed");
    return {grade, "plugins", needless ? file + " is not needed here" : file + ": " + anonymous(one_line(record.reason)),
            grade == Grade::kProblem ? "remove the file, or replace it by one that kt plugins check passes" : ""};
  }
  std::string text = record.manifest.name + " " + record.manifest.version;
  if (record.operators > 0) text += ": " + std::to_string(record.operators) + " operators";
  for (const std::string& device : record.devices) text += ", " + device;
  return {Grade::kOk, "plugins", text, ""};
}

fs::path nearest_existing(fs::path path) {
  std::error_code error;
  while (!path.empty() && path != path.root_path() && !fs::exists(path, error)) path = path.parent_path();
  return path;
}

}  // namespace

Anonymiser::Anonymiser(std::string home, std::string user, std::string host)
    : home_(std::move(home)), user_(std::move(user)), host_(std::move(host)) {
  while (home_.size() > 1 && home_.back() == '/') home_.pop_back();
  if (home_ == "/") home_.clear();
}

std::string Anonymiser::operator()(std::string text) const {
  replace_word(text, home_, "~");
  replace_word(text, user_, "USER");
  replace_word(text, host_, "HOST");
  return text;
}

std::vector<Finding> check_plugins(const std::vector<core::PluginRecord>& records, const Anonymiser& anonymous) {
  std::vector<Finding> out;
  uint32_t operators = 0;
  std::string models;
  for (const core::PluginRecord& record : records) {
    operators += record.operators;
    if (record.models > 0) models += (models.empty() ? "models: " : ", ") + record.manifest.name;
    if (record.models == 0 || record.operators > 0) out.push_back(check_library(record, records, anonymous));
  }
  if (operators == 0)
    out.push_back({Grade::kProblem, "plugins", "no usable plugin: no model can run",
                   "install kt again, or name a folder with --plugin-dir"});
  if (models.empty())
    out.push_back({Grade::kProblem, "models", "no usable model library: no model can be loaded",
                   "install kt again, or name a folder with --plugin-dir"});
  else
    out.push_back({Grade::kOk, "models", models, ""});
  return out;
}

std::vector<Finding> check_path(const std::string& path, const std::string& program, const Anonymiser& anonymous) {
  std::istringstream list(path);
  for (std::string folder; std::getline(list, folder, ':');) {
    const fs::path found = fs::path(folder.empty() ? "." : folder) / "kt";
    std::error_code error;
    if (!fs::is_regular_file(found, error) || access(found.c_str(), X_OK) != 0) continue;
    if (fs::equivalent(found, program, error)) return {};
    return {{Grade::kProblem, "path", "another `kt` is first in PATH: " + anonymous(found.string()),
             "put " + anonymous(fs::path(program).parent_path().string()) + " before it"}};
  }
  return {};
}

std::vector<Finding> check_disk(const std::string& folder, const Anonymiser& anonymous) {
  std::error_code error;
  const fs::space_info space = fs::space(nearest_existing(folder), error);
  if (folder.empty() || error) return {};
  char text[64];
  std::snprintf(text, sizeof text, "%.1f GiB free for ", static_cast<double>(space.available) / 0x1p30);
  const bool little = space.available < kLittleSpace;
  return {{little ? Grade::kWarning : Grade::kOk, "disk", text + anonymous(folder),
           little ? "free some space, or set XDG_CACHE_HOME to another disk" : ""}};
}

}  // namespace kt::app
