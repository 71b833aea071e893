#include "apps/kt/completion_data.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

constexpr const char* kBegin = R"script(#compdef kt kt-run
# Completes the words of kt in zsh; written by `kt completion zsh`.

_kt_names() {
  local -a names
  names=(${(f)"$(kt completion --names $1 2>/dev/null)"})
  compadd -a names
  _files
}
)script";

constexpr const char* kEnd = R"script(
if [[ $funcstack[1] == _kt ]]; then
  _kt "$@"
else
  compdef _kt kt kt-run
fi
)script";

// Text inside single quotes; `special` gets a backslash.
std::string quoted(const std::string& text, const std::string& special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (special.find(c) != std::string::npos)
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

std::string function_name(const Command& command) {
  std::string out = "_kt";
  for (const std::string& word : command.path) out += "__" + word;
  return out;
}

// A leading space keeps _arguments from putting words of its own before ours.
std::string action(const ValueChoice& choice) {
  switch (choice.kind) {
    case ValueKind::kAny:
      return " ";
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kFolder:
      return "_files -/";
    case ValueKind::kModel:
      return " _kt_names models";
    case ValueKind::kRules:
      return " _kt_names rules";
    case ValueKind::kWords:
      break;
  }
  return "(" + core::join(choice.words, " ") + ")";
}

// '(-m --model)'{-m,--model=}'[help]:TEXT:action'
std::string option_spec(const CommandOption& option, const Command& program) {
  const std::vector<std::string> names = flag_names(option);
  std::vector<std::string> forms;
  for (const std::string& name : names) forms.push_back(name + (!option.is_flag() && name.starts_with("--") ? "=" : ""));
  std::string out = option.repeatable ? "'*'" : "'(" + core::join(names, " ") + ")'";
  out += forms.size() == 1 ? forms[0] : "{" + core::join(forms, ",") + "}";
  out += "'[" + quoted(option.help, "[]\\") + "]";
  if (!option.is_flag()) out += ":" + quoted(option.value, ":\\") + ":" + action(value_choice(option, program));
  return out + "'";
}

std::string argument_spec(const CommandOption& argument, const Command& program) {
  return std::string("'") + (argument.repeatable ? "*" : "") + ":" + quoted(argument.value, ":\\") + ":" +
         action(value_choice(argument, program)) + "'";
}

std::string option_specs(const Command& command, const Command& program) {
  std::string out;
  for (const CommandOption& option : command.options) out += " \\\n    " + option_spec(option, program);
  if (!command.path.empty())
    for (const CommandOption& option : program.options)
      if (option.long_names.empty() || option.long_names[0] != "help") out += " \\\n    " + option_spec(option, program);
  return out;
}

std::string leaf_function(const Command& command, const Command& program) {
  std::string out = "\n" + function_name(command) + "() {\n  _arguments -s" + option_specs(command, program);
  for (const CommandOption& argument : command.arguments) out += " \\\n    " + argument_spec(argument, program);
  return out + "\n}\n";
}

std::string parent_function(const Command& command, const Command& program) {
  std::string verbs, cases;
  for (const Command& verb : command.verbs) {
    verbs += "\n        '" + verb.name + ":" + quoted(verb.help, ":\\") + "'";
    cases += "\n        " + verb.name + ") " + function_name(verb) + " && found=0 ;;";
  }
  std::string out = "\n" + function_name(command) + "() {\n  local curcontext=$curcontext state line found=1\n  local -a verbs\n";
  if (command.path.empty()) out += "  if [[ $service == kt-run ]]; then\n    _kt__run\n    return\n  fi\n";
  out += "  _arguments -C -s" + option_specs(command, program) + " \\\n    '1: :->verb' \\\n    '*:: :->rest' && found=0\n";
  out += "  case $state in\n    verb)\n      verbs=(" + verbs + "\n      )\n      _describe verb verbs && found=0\n";
  if (!command.arguments.empty()) out += "      " + action(value_choice(command.arguments[0], program)) + " && found=0\n";
  out += "      ;;\n    rest)\n      case $words[1] in" + cases + "\n      esac\n      ;;\n  esac\n  return found\n}\n";
  return out;
}

}  // namespace

std::string zsh_completion(const Command& program) {
  std::string out = kBegin;
  for_each_command(program, [&](const Command& command) {
    out += command.verbs.empty() ? leaf_function(command, program) : parent_function(command, program);
  });
  return out + kEnd;
}

}  // namespace kt::app
