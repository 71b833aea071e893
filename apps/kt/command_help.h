// Pages made from the command tree: the help of a verb, Markdown and man pages.
#pragma once

#include <string>

#include "apps/kt/command_tree.h"

namespace kt::app {

// "-m, --model TEXT"
std::string option_form(const CommandOption& option);
// The help of an option with its range and default behind it.
std::string option_help(const CommandOption& option);

// What `kt VERB --help` prints: examples first, at most 100 columns.
std::string help_text(const Command& command);
// docs/reference/cli.md and docs/reference/errors.md.
std::string cli_markdown(const Command& program, const std::string& exit_codes);
std::string errors_markdown();
// The man page kt-VERB.1, or kt.1 for the program itself.
std::string man_page(const Command& command, const Command& program, const std::string& version, const std::string& exit_codes);

}  // namespace kt::app
