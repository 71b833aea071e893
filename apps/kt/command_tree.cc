#include "apps/kt/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace kt::app {
namespace {

// CLI11 joins a type and its validators: "TEXT:{a,b}", "INT:INT in [0 - 9]". A type of ours may hold a colon too: "ID:VALUE".
void read_type(const std::string& type, CommandOption& out) {
  const bool has_validator = type.find(":{") != std::string::npos || type.find(" in [") != std::string::npos;
  out.value = has_validator ? type.substr(0, type.find(':')) : type;
  if (const size_t open = type.find('{'), close = type.find('}'); open != std::string::npos && close != std::string::npos) {
    std::istringstream list(type.substr(open + 1, close - open - 1));
    for (std::string choice; std::getline(list, choice, ',');) out.choices.push_back(choice);
    std::sort(out.choices.begin(), out.choices.end());  // CLI11 may keep them unordered
  }
  const size_t low = type.find("in [");
  const size_t dash = type.find(" - ", low);
  const size_t end = type.find(']', low);
  if (low != std::string::npos && dash != std::string::npos && end != std::string::npos)
    out.range = type.substr(low + 4, dash - low - 4) + ".." + type.substr(dash + 3, end - dash - 3);
}

std::string join_path(const Command& command) {
  std::string out = "kt";
  for (const std::string& word : command.path) out += " " + word;
  return out;
}

std::string usage_of(const Command& command) {
  std::string out = join_path(command) + " [FLAG ...]";
  if (!command.verbs.empty()) out += " VERB";
  for (const CommandOption& argument : command.arguments) out += " " + argument.value;
  return out;
}

// The value shown for an argument without a flag: the form in its help ("[MODEL] [PROMPT]"), or its name in capitals.
std::string argument_form(const CLI::Option& option) {
  const std::string help = option.get_description();
  if (help.starts_with("[")) return help.substr(0, help.find(':'));
  std::string name = option.get_name(true, false);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return option.get_required() ? name : "[" + name + "]";
}

CommandOption describe_argument(const CLI::Option& option) {
  CommandOption out = describe_option(option);
  out.long_names = {option.get_name(true, false)};
  out.value = argument_form(option);
  return out;
}

}  // namespace

const Command* Command::find(const std::string& verb) const {
  const auto it = std::find_if(verbs.begin(), verbs.end(), [&](const Command& below) { return below.name == verb; });
  return it == verbs.end() ? nullptr : &*it;
}

CommandOption describe_option(const CLI::Option& option) {
  CommandOption out;
  out.short_names = option.get_snames();
  out.long_names = option.get_lnames();
  out.help = option.get_description();
  out.variable = option.get_envname();
  out.repeatable = option.get_expected_max() > 1;
  if (option.get_type_size() != 0) read_type(option.get_type_name(), out);
  const std::string text = option.get_default_str();
  if (!out.value.empty() && text != "0" && text != "[]" && text != "{}") out.default_value = text;
  return out;
}

Command describe_command(const CLI::App& app) {
  Command out;
  out.name = app.get_name();
  for (const CLI::App* at = &app; at->get_parent(); at = at->get_parent()) out.path.insert(out.path.begin(), at->get_name());
  out.help = app.get_description();
  out.examples = app.get_footer();
  if (const size_t line = out.examples.find('\n'); out.examples.starts_with("examples:") && line != std::string::npos)
    out.examples.erase(0, line + 1);
  while (!out.examples.empty() && out.examples.back() == '\n') out.examples.pop_back();
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) out.options.push_back(describe_option(*option));
    if (option->get_positional()) out.arguments.push_back(describe_argument(*option));
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; }))
    out.verbs.push_back(describe_command(*below));
  out.usage = usage_of(out);
  return out;
}

}  // namespace kt::app
