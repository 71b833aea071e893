#include <algorithm>

#include "apps/kt/command_help.h"

namespace kt::app {
namespace {

// Text as roff takes it: no line may begin with a control character, backslashes and hyphens are escaped.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string page_name(const Command& command) { return command.path.empty() ? "kt" : "kt-" + command.path[0]; }

std::string words(const Command& command) {
  std::string out = "kt";
  for (const std::string& word : command.path) out += " " + word;
  return out;
}

std::string verbatim(const std::string& text) { return ".nf\n" + roff(text) + (text.ends_with('\n') ? "" : "\n") + ".fi\n"; }

std::string capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

void append_options(std::string& out, const std::vector<CommandOption>& options) {
  for (const CommandOption& option : options) {
    out += ".TP\n.B " + roff(option_form(option)) + "\n" + roff(option_help(option));
    if (!option.variable.empty()) out += " Environment: " + roff(option.variable) + ".";
    out += "\n";
  }
}

// Arguments, flags and examples of a verb; a verb below another gets its own section.
void append_body(std::string& out, const Command& command, bool is_section) {
  const std::string heading = is_section ? ".SS " : ".SH ";
  if (is_section)
    out += ".SH " + capitals(roff(words(command))) + "\n" + roff(command.help) + "\n.PP\n" + verbatim(command.usage);
  if (!command.arguments.empty()) {
    out += heading + "ARGUMENTS\n";
    for (const CommandOption& argument : command.arguments)
      out += ".TP\n.B " + roff(argument.value) + "\n" + roff(argument.help) + "\n";
  }
  if (!command.options.empty()) {
    out += heading + "FLAGS\n";
    append_options(out, command.options);
  }
  if (!command.examples.empty()) out += heading + "EXAMPLES\n" + verbatim(command.examples);
  for (const Command& below : command.verbs)
    if (!command.path.empty()) append_body(out, below, true);
}

}  // namespace

std::string man_page(const Command& command, const Command& program, const std::string& version, const std::string& exit_codes) {
  std::string out = ".TH " + capitals(roff(page_name(command))) + " 1 \"\" \"kt " + roff(version) + "\" \"kt\"\n";
  out += ".SH NAME\n" + roff(page_name(command)) + " \\- " + roff(command.help) + "\n.SH SYNOPSIS\n" + verbatim(command.usage);
  append_body(out, command, false);
  if (command.path.empty()) {
    out += ".SH VERBS\n";
    for (const Command& below : program.verbs) out += ".TP\n.BR " + roff(page_name(below)) + " (1)\n" + roff(below.help) + "\n";
    return out + ".SH EXIT STATUS\n" + verbatim(exit_codes) + ".SH FILES\n" +
           roff("$XDG_CONFIG_HOME/kt/rules: rule files found by name. $XDG_DATA_HOME/kt/plugins, models: further plugins and models.\n") +
           ".SH SEE ALSO\n" + roff("kt help KT-Exxxx explains an error code.\n");
  }
  out += ".SH FLAGS OF EVERY VERB\n";
  append_options(out, program.options);
  return out + ".SH SEE ALSO\n.BR kt (1)\n";
}

}  // namespace kt::app
