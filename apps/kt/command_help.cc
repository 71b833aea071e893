#include "apps/kt/command_help.h"

#include <algorithm>

#include "apps/kt/error_table.h"
#include "apps/kt/wrap.h"

namespace kt::app {
namespace {

constexpr size_t kHelpColumn = 32, kWidth = 100;

std::string command_name(const Command& command, const char* separator) {
  std::string out = "kt";
  for (const std::string& word : command.path) out += separator + word;
  return out;
}

void append_row(std::string& out, const std::string& left, const std::string& right) {
  out += "  " + left;
  size_t column = 2 + left.size();
  if (column + 2 > kHelpColumn) {
    out += '\n';
    column = 0;
  }
  out += std::string(kHelpColumn - column, ' ');
  append_wrapped(out, right, kHelpColumn, kWidth);
}

void append_arguments(std::string& out, const Command& command) {
  if (command.arguments.empty()) return;
  out += "\narguments:\n";
  for (const CommandOption& argument : command.arguments) append_row(out, argument.value, argument.help);
}

void append_options(std::string& out, const Command& command) {
  out += "\nflags:\n";
  for (const CommandOption& option : command.options) append_row(out, option_form(option), option_help(option));
}

}  // namespace

std::string option_form(const CommandOption& option) {
  std::string out;
  for (const std::string& name : option.short_names) out += (out.empty() ? "-" : ", -") + name;
  for (const std::string& name : option.long_names) out += (out.empty() ? "--" : ", --") + name;
  if (!option.value.empty()) out += " " + option.value;
  return out;
}

std::string option_help(const CommandOption& option) {
  std::string out = option.help;
  if (!option.choices.empty() && out.find(option.choices.back()) == std::string::npos) {
    out += " (";
    for (size_t i = 0; i < option.choices.size(); ++i) out += (i ? ", " : "") + option.choices[i];
    out += ")";
  }
  if (!option.range.empty()) out += " (" + option.range + ")";
  if (!option.default_value.empty()) out += " [" + option.default_value + "]";
  return out;
}

std::string help_text(const Command& command) {
  std::string out = command_name(command, " ") + ": " + command.help + "\n";
  if (!command.examples.empty()) out += "\nexamples:\n" + command.examples + "\n";
  out += "\nusage: " + command.usage + "\n";
  append_arguments(out, command);
  if (!command.verbs.empty()) {
    out += "\nverbs:\n";
    for (const Command& below : command.verbs) append_row(out, below.name, below.help);
  }
  append_options(out, command);
  if (command.path.empty()) out += "\nEvery long flag is also KT_<NAME> in the environment: --ctx-size is KT_CTX_SIZE\n";
  return out;
}

std::string cli_markdown(const Command& program, const std::string& exit_codes) {
  std::string out =
      "# Commands\n\nWritten by `./dev docs` from the program itself. Every long flag is also a variable `KT_<NAME>` of the "
      "environment "
      "and a key of the configuration files (`kt help config`).\n\n";
  for_each_command(program, [&](const Command& command) {
    out += "## " + command_name(command, " ") + "\n\n```\n" + help_text(command) + "```\n\n";
  });
  return out + "## Exit codes\n\n```\n" + exit_codes + "```\n";
}

std::string errors_markdown() {
  std::string out =
      "# Errors\n\nWritten by `./dev docs` from the program itself; `kt help KT-E0408` prints one entry. A warning KT-W0203 says "
      "the same "
      "as the error of its number, and does not end the program.\n\n";
  for (const ErrorHelp& e : error_table()) {
    out += "## " + error_name(e.code) + ": " + e.title + "\n\n";
    out += std::string(e.meaning) + "\n\n*Causes.* " + e.causes + "\n\n*To do.* " + e.remedy + "\n\n";
  }
  out.pop_back();
  return out;
}

}  // namespace kt::app
