// The command line as data: verbs and flags without the parser, for reference pages, completion and configuration keys.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace kt::app {

struct CommandOption {
  std::vector<std::string> short_names;  // "m"
  std::vector<std::string> long_names;   // "model": the first is the key of configuration files
  std::string value;                     // "FILE"; empty: a flag without a value
  std::vector<std::string> choices;      // the only values allowed; empty: any
  std::string range;                     // "0..4096", or empty
  std::string help;
  std::string default_value;  // as text; empty: none that is worth showing
  std::string variable;       // KT_MODEL
  bool repeatable = false;
  bool is_flag() const { return value.empty(); }
};

struct Command {
  std::string name;               // "check"
  std::vector<std::string> path;  // {"rules", "check"}; empty: the program itself
  std::string help, examples;     // examples: lines, indented by two
  std::string usage;              // "kt rules check [FLAG ...] FILE"
  std::vector<CommandOption> options;
  std::vector<CommandOption> arguments;  // positional; the name stands in long_names
  std::vector<Command> verbs;

  const Command* find(const std::string& verb) const;
};

CommandOption describe_option(const CLI::Option& option);
Command describe_command(const CLI::App& app);

// Calls visit(command) for the command and all below it, parents first.
template <class Visit>
void for_each_command(const Command& command, const Visit& visit) {
  visit(command);
  for (const Command& below : command.verbs) for_each_command(below, visit);
}

}  // namespace kt::app
