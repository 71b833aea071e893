// Configuration files: YAML maps whose keys are long flags, or verbs with such keys below them; several files in layers.
#pragma once

#include <string>
#include <vector>

#include "apps/kt/command_tree.h"
#include "core/base/status.h"
#include "core/rules/yaml_document.h"

namespace kt::app {

struct ConfigFile {
  const char* role;  // "--config", "folder", "user" or "system"
  std::string path;
  bool exists = false;
  core::YamlNode root;  // a map, or null where the file is empty or missing

  core::Place place(const core::YamlNode& node) const { return {path, node.line, node.column}; }
};

// A value and the file it stands in; `value` is null where no file sets it.
struct ConfigValue {
  const core::YamlNode* value = nullptr;
  const ConfigFile* file = nullptr;
  core::Place place() const { return file->place(*value); }
};

class ConfigStack {
 public:
  // The file named by --config (may be ""), ./kt.yaml, the user's and the system's. A missing file is an empty one, except
  // `named`. KT-E0301 with the place for a file that is no map in YAML.
  static core::Result<ConfigStack> load(const std::string& named, const std::string& config_home);

  // The value of the option in the verb: of the first file that has it, there in the verb's own section before the top.
  ConfigValue find(const std::vector<std::string>& verb, const std::vector<std::string>& names) const;
  // KT-E0302 for the first key that is no flag, KT-E0303 for one that may not stand there.
  core::Status check(const Command& program) const;

  const std::vector<ConfigFile>& files() const { return files_; }

 private:
  std::vector<ConfigFile> files_;  // the first wins
};

// The user's file; "" if the environment names no home.
std::string user_config_path(const std::string& config_home);

// The texts of a scalar or of a list of scalars; KT-E0303 for anything else.
core::Result<std::vector<std::string>> config_texts(const ConfigValue& found, const std::string& key);

// `text` with the key ({"temp"} or {"run", "temp"}) set to the values, every other byte unchanged. `is_list`: written as [a, b].
// KT-E0304 with the place if the key stands in a form that is not edited.
core::Result<std::string> edit_config(const std::string& text, const std::string& path, const std::vector<std::string>& key,
                                      const std::vector<std::string>& values, bool is_list);

// Writes the file whole or not at all, through a symbolic link if it is one. KT-E0304.
core::Status replace_file(const std::string& path, const std::string& text);

}  // namespace kt::app
