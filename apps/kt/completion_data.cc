#include "apps/kt/completion_data.h"

#include <algorithm>
#include <set>

namespace kt::app {
namespace {

// Options and arguments whose values are files, though their type is text because "-" or a name may be given as well.
const std::set<std::string> kFiles = {"after", "before", "f32", "file", "messages", "output", "plugin", "template"};

bool has_name(const CommandOption& option, const std::string& name) {
  return std::find(option.long_names.begin(), option.long_names.end(), name) != option.long_names.end();
}

std::vector<std::string> topics(const Command& program) {
  std::vector<std::string> out = {"errors", "exit-codes"};
  for (const Command& verb : program.verbs) out.push_back(verb.name);
  return out;
}

// Keys of configuration files: the first long name of every flag.
std::vector<std::string> keys(const Command& program) {
  std::set<std::string> out;
  for_each_command(program, [&](const Command& command) {
    for (const CommandOption& option : command.options)
      if (!option.long_names.empty() && !has_name(option, "help")) out.insert(option.long_names[0]);
  });
  return {out.begin(), out.end()};
}

}  // namespace

ValueChoice value_choice(const CommandOption& option, const Command& program) {
  if (!option.choices.empty()) return {ValueKind::kWords, option.choices};
  if (has_name(option, "model") || option.value.starts_with("[MODEL]")) return {ValueKind::kModel, {}};
  if (has_name(option, "rules")) return {ValueKind::kRules, {}};
  if (has_name(option, "topic")) return {ValueKind::kWords, topics(program)};
  if (has_name(option, "key")) return {ValueKind::kWords, keys(program)};
  if (option.value == "DIR" || option.value == "FOLDER") return {ValueKind::kFolder, {}};
  const bool is_file = option.value == "FILE" || std::any_of(option.long_names.begin(), option.long_names.end(),
                                                             [](const std::string& name) { return kFiles.contains(name); });
  return {is_file ? ValueKind::kFile : ValueKind::kAny, {}};
}

std::string path_text(const Command& command) {
  std::string out;
  for (const std::string& word : command.path) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<std::string> flag_names(const CommandOption& option) {
  std::vector<std::string> out;
  for (const std::string& name : option.short_names) out.push_back("-" + name);
  for (const std::string& name : option.long_names) out.push_back("--" + name);
  return out;
}

}  // namespace kt::app
