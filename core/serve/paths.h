// Where an installation keeps its parts, relative to the running program and to the user's folders.
#pragma once

#include <string>
#include <vector>

namespace kt::core {

// What the environment says; read by the program, passed in here.
struct Environment {
  std::string program;       // absolute path of the running program
  std::string plugin_path;   // KT_PLUGIN_PATH: folders separated by ':'
  std::string config_home;   // XDG_CONFIG_HOME or ~/.config
  std::string data_home;     // XDG_DATA_HOME or ~/.local/share
  std::string state_home;    // XDG_STATE_HOME or ~/.local/state
  std::string cache_home;    // XDG_CACHE_HOME or ~/.cache
};

// Folders of plugins and model libraries, first to last: `named` (--plugin-dir), KT_PLUGIN_PATH, the user's, the installation's.
std::vector<std::string> plugin_folders(const Environment& environment, const std::vector<std::string>& named);
// Folders in which rule files are searched by name.
std::vector<std::string> rule_folders(const Environment& environment);
// Folders in which models are searched by name; the bundled model lies in the last.
std::vector<std::string> model_folders(const Environment& environment);

}  // namespace kt::core
