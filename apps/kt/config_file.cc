#include "apps/kt/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/rules/suggest.h"

namespace kt::app {
namespace {

constexpr const char* kFolderFile = "kt.yaml";
constexpr const char* kSystemFile = "/etc/kt/config.yaml";

core::Result<ConfigFile> read_config(const char* role, const std::string& path, bool required) {
  ConfigFile out{role, path, false, {}};
  std::error_code error;
  const bool there = !path.empty() && std::filesystem::exists(path, error);
  if (!there && !required) return out;
  std::ifstream file(path, std::ios::binary);
  if (!there || !file || !std::filesystem::is_regular_file(path, error))
    return core::fail(301, "cannot read the configuration file '" + path + "'", "is it there, a regular file and readable?");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  auto root = core::parse_yaml(text, path);
  if (!root.ok()) {
    core::Error wrong = std::move(root).take_error();
    wrong.code = 301;
    return wrong;
  }
  out.exists = true;
  out.root = std::move(*root);
  if (!out.root.is_map() && !out.root.is_null())
    return core::fail_at(out.place(out.root), 301, "a configuration is a map of keys, this is " + out.root.kind_text(),
                         "write KEY: VALUE");
  return out;
}

// The section of a verb, null if the file has none.
const core::YamlNode* section(const core::YamlNode& root, const std::vector<std::string>& verb) {
  const core::YamlNode* at = &root;
  for (const std::string& word : verb) {
    at = at->is_map() ? at->find(word) : nullptr;
    if (!at || !at->is_map()) return nullptr;
  }
  return at;
}

const core::YamlNode* value_in(const core::YamlNode& map, const std::vector<std::string>& names) {
  if (!map.is_map()) return nullptr;
  for (const std::string& name : names)
    if (const core::YamlNode* value = map.find(name); value && !value->is_map() && !value->is_null()) return value;
  return nullptr;
}

bool has_option(const Command& command, const std::string& name) {
  return std::any_of(command.options.begin(), command.options.end(), [&](const CommandOption& option) {
    return std::find(option.long_names.begin(), option.long_names.end(), name) != option.long_names.end();
  });
}

// Flags that say what to do now and make no sense as a setting.
bool is_setting(const std::string& name) { return name != "help" && name != "version" && name != "config"; }

class Checker {
 public:
  Checker(const ConfigFile& file, const Command& program) : file_(file), program_(program) {}

  core::Status check(const core::YamlNode& map, const Command& command) const {
    for (const core::YamlEntry& entry : map.entries) {
      const std::string& name = entry.key.text;
      const Command* verb = command.find(name);
      if (entry.value.is_map() && verb) {
        KT_TRY(check(entry.value, *verb));
        continue;
      }
      if (!is_known(command, name)) return unknown(entry.key, command);
      if (name == "plugin-dir" && file_.role == std::string("folder"))
        return core::fail_at(file_.place(entry.key), 303, "plugin-dir cannot be set by ./kt.yaml: plugins are code",
                             "set it in your own configuration file: kt config set plugin-dir DIR");
    }
    return {};
  }

 private:
  // At the top a key is for every verb that has the flag.
  bool is_known(const Command& command, const std::string& name) const {
    if (!is_setting(name)) return false;
    bool known = has_option(command, name) || has_option(program_, name);
    if (command.path.empty()) for_each_command(program_, [&](const Command& any) { known = known || has_option(any, name); });
    return known;
  }

  core::Error unknown(const core::YamlNode& key, const Command& command) const {
    std::vector<std::string> known;
    const auto add = [&](const Command& from) {
      for (const CommandOption& option : from.options)
        for (const std::string& name : option.long_names)
          if (is_setting(name)) known.push_back(name);
    };
    if (command.path.empty())
      for_each_command(program_, add);
    else
      add(command), add(program_);
    for (const Command& below : command.verbs) known.push_back(below.name);
    std::string hint = core::did_you_mean(key.text, known);
    if (hint.empty()) hint = "keys are the long flags without dashes, or a verb with keys below it: kt config show lists them";
    return core::fail_at(file_.place(key), 302, "there is no key '" + key.text.substr(0, 60) + "'", std::move(hint));
  }

  const ConfigFile& file_;
  const Command& program_;
};

}  // namespace

std::string user_config_path(const std::string& config_home) {
  return config_home.empty() ? "" : config_home + "/kt/config.yaml";
}

core::Result<ConfigStack> ConfigStack::load(const std::string& named, const std::string& config_home) {
  ConfigStack out;
  if (!named.empty()) out.files_.push_back(KT_TRY(read_config("--config", named, true)));
  out.files_.push_back(KT_TRY(read_config("folder", kFolderFile, false)));
  out.files_.push_back(KT_TRY(read_config("user", user_config_path(config_home), false)));
  out.files_.push_back(KT_TRY(read_config("system", kSystemFile, false)));
  return out;
}

ConfigValue ConfigStack::find(const std::vector<std::string>& verb, const std::vector<std::string>& names) const {
  for (const ConfigFile& file : files_)
    for (size_t depth = verb.size() + 1; depth-- > 0;) {
      const core::YamlNode* map = section(file.root, {verb.begin(), verb.begin() + static_cast<std::ptrdiff_t>(depth)});
      const core::YamlNode* value = map ? value_in(*map, names) : nullptr;
      if (value) return {value, &file};
    }
  return {};
}

core::Status ConfigStack::check(const Command& program) const {
  for (const ConfigFile& file : files_)
    if (file.root.is_map()) KT_TRY(Checker(file, program).check(file.root, program));
  return {};
}

core::Result<std::vector<std::string>> config_texts(const ConfigValue& found, const std::string& key) {
  std::vector<std::string> out;
  if (found.value->is_scalar()) return std::vector<std::string>{found.value->text};
  for (const core::YamlNode& item : found.value->items) {
    if (!item.is_scalar())
      return core::fail_at(found.file->place(item), 303, key + ": a list holds values, this is " + item.kind_text(),
                           "write [a, b]");
    out.push_back(item.text);
  }
  return out;
}

}  // namespace kt::app
