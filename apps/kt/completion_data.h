// What may stand where on the command line, for the scripts that complete words in a shell.
#pragma once

#include <string>
#include <vector>

#include "apps/kt/command_tree.h"

namespace kt::app {

enum class ValueKind { kAny, kWords, kFile, kFolder, kModel, kRules };

struct ValueChoice {
  ValueKind kind = ValueKind::kAny;
  std::vector<std::string> words;  // of kWords
};

// What may be given to an option with a value, or as an argument. `program` is the whole command line.
ValueChoice value_choice(const CommandOption& option, const Command& program);
// "rules check"
std::string path_text(const Command& command);
// "-m", "--model"
std::vector<std::string> flag_names(const CommandOption& option);

// The scripts; all ask `kt completion --names KIND` for the names of models and rule files.
std::string bash_completion(const Command& program);
std::string zsh_completion(const Command& program);
std::string fish_completion(const Command& program);

}  // namespace kt::app
