#include "apps/kt/completion_data.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

// Bash breaks words at '=', so that `--flag=value` stands in three of them.
constexpr const char* kFunctions = R"script(
# _kt_offer CURRENT PROGRAM KIND [WORD ...]: the words or files of that kind
_kt_offer() {
  local current=$1 program=$2 kind=$3
  shift 3
  case $kind in
    words) mapfile -t COMPREPLY < <(compgen -W "$*" -- "$current") ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    models | rules)
      mapfile -t COMPREPLY < <(
        compgen -W "$("$program" completion --names "$kind" 2>/dev/null)" -- "$current"
        compgen -f -- "$current"
      ) ;;
  esac
  [[ $kind == words || $kind == any ]] || compopt -o filenames 2>/dev/null
  return 0
}

_kt() {
  local program=${COMP_WORDS[0]%-run} path='' flag='' count=0 i word below
  [[ ${COMP_WORDS[0]} == *kt-run ]] && path=run
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    [[ $word == '=' ]] && continue
    if [[ $flag ]]; then
      flag=''
    elif [[ $word == -* ]]; then
      [[ $(_kt_value "$path" "$word") ]] && flag=$word
    elif [[ " $(_kt_below "$path") " == *" $word "* ]]; then
      path=${path:+$path }$word
    else
      ((count++))
    fi
  done
  word=${COMP_WORDS[COMP_CWORD]}
  [[ $word == '=' ]] && word=''
  COMPREPLY=()
  below=$(_kt_below "$path")
  if [[ $flag ]]; then
    _kt_offer "$word" "$program" $(_kt_value "$path" "$flag")
  elif [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_kt_flags "$path")" -- "$word")
  else
    _kt_offer "$word" "$program" $(_kt_argument "$path" "$count")
    if [[ $below && $count == 0 ]]; then
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$below" -- "$word")
    fi
  fi
}
complete -F _kt kt kt-run
)script";

std::string choice_text(const ValueChoice& choice) {
  switch (choice.kind) {
    case ValueKind::kAny:
      return "any";
    case ValueKind::kFile:
      return "file";
    case ValueKind::kFolder:
      return "folder";
    case ValueKind::kModel:
      return "models";
    case ValueKind::kRules:
      return "rules";
    case ValueKind::kWords:
      break;
  }
  return "words " + core::join(choice.words, " ");
}

// A branch of a case statement; the words hold no quotes.
std::string branch(const std::string& pattern, const std::string& words) {
  return "    " + pattern + ") echo '" + words + "' ;;\n";
}

std::string below_branches(const Command& command) {
  if (command.verbs.empty()) return "";
  std::vector<std::string> names;
  for (const Command& verb : command.verbs) names.push_back(verb.name);
  return branch("'" + path_text(command) + "'", core::join(names, " "));
}

std::string flag_words(const Command& command) {
  std::vector<std::string> names;
  for (const CommandOption& option : command.options)
    for (const std::string& name : flag_names(option)) names.push_back(name);
  return core::join(names, " ");
}

// Flags of the program stand everywhere: their pattern has a star for the path.
std::string value_branches(const Command& command, const Command& program) {
  std::string out;
  for (const CommandOption& option : command.options) {
    if (option.is_flag()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : flag_names(option))
      patterns.push_back(command.path.empty() ? "*' " + name + "'" : "'" + path_text(command) + " " + name + "'");
    out += branch(core::join(patterns, "|"), choice_text(value_choice(option, program)));
  }
  return out;
}

std::string argument_branches(const Command& command, const Command& program) {
  std::string out;
  for (size_t i = 0; i < command.arguments.size(); ++i) {
    const CommandOption& argument = command.arguments[i];
    const std::string number = argument.repeatable ? " '*" : " " + std::to_string(i) + "'";
    out += branch("'" + path_text(command) + number, choice_text(value_choice(argument, program)));
  }
  return out;
}

std::string function(const std::string& name, const std::string& word, const std::string& branches) {
  return name + "() {\n  case " + word + " in\n" + branches + "  esac\n}\n";
}

}  // namespace

std::string bash_completion(const Command& program) {
  std::string below, flags, values, arguments;
  for_each_command(program, [&](const Command& command) {
    below += below_branches(command);
    const std::string own = command.path.empty() ? "" : flag_words(command) + " ";
    flags += branch("'" + path_text(command) + "'", own + flag_words(program));
    if (!command.path.empty()) values += value_branches(command, program);
    arguments += argument_branches(command, program);
  });
  values += value_branches(program, program);
  return "# Completes the words of kt in bash; written by `kt completion bash`.\n" + function("_kt_below", "$1", below) +
         function("_kt_flags", "$1", flags) + function("_kt_value", "\"$1 $2\"", values) +
         function("_kt_argument", "\"$1 $2\"", arguments) + kFunctions;
}

}  // namespace kt::app
