#include "apps/kt/completion_data.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

// Is the verb that was typed so far $argv[1]?
constexpr const char* kAt = R"script(
function __kt_at
  set -l path
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$path $word")
    contains -- $next $__kt_paths; and set path $next
  end
  test "$path" = "$argv[1]"
end

complete -c kt -f
complete -c kt-run -w 'kt run'
)script";

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string choice_flags(const ValueChoice& choice) {
  switch (choice.kind) {
    case ValueKind::kAny:
      return "";
    case ValueKind::kFile:
      return " -F";
    case ValueKind::kFolder:
      return " -a '(__fish_complete_directories)'";
    case ValueKind::kModel:
      return " -F -a '(kt completion --names models 2>/dev/null)'";
    case ValueKind::kRules:
      return " -F -a '(kt completion --names rules 2>/dev/null)'";
    case ValueKind::kWords:
      break;
  }
  return " -a " + quoted(core::join(choice.words, " "));
}

std::string option_line(const CommandOption& option, const Command& program, const std::string& condition) {
  std::string out = "complete -c kt" + condition;
  for (const std::string& name : option.short_names) out += " -s " + name;
  for (const std::string& name : option.long_names) out += " -l " + name;
  if (!option.is_flag()) out += " -r" + choice_flags(value_choice(option, program));
  return out + " -d " + quoted(option.help) + "\n";
}

std::string command_lines(const Command& command, const Command& program) {
  const std::string condition = " -n " + quoted("__kt_at \"" + path_text(command) + "\"");
  std::string out = "\n";
  for (const Command& verb : command.verbs)
    out += "complete -c kt" + condition + " -a " + verb.name + " -d " + quoted(verb.help) + "\n";
  for (const CommandOption& option : command.options)
    out += option_line(option, program, command.path.empty() ? "" : condition);  // the program's own stand everywhere
  for (const CommandOption& argument : command.arguments)
    if (const std::string flags = choice_flags(value_choice(argument, program)); !flags.empty())
      out += "complete -c kt" + condition + flags + "\n";
  return out;
}

}  // namespace

std::string fish_completion(const Command& program) {
  std::string paths, lines;
  for_each_command(program, [&](const Command& command) {
    if (!command.path.empty()) paths += " " + quoted(path_text(command));
    lines += command_lines(command, program);
  });
  return "# Completes the words of kt in fish; written by `kt completion fish`.\nset -g __kt_paths" + paths + "\n" + kAt + lines;
}

}  // namespace kt::app
