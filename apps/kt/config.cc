// kt config: which settings hold, where each comes from, and changing one.
#include <cstdlib>

#include "apps/kt/config_file.h"
#include "apps/kt/program.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

// A key and what it is set to: {"temp"} at the top or {"run", "temp"} in a verb's section.
struct Setting {
  std::vector<std::string> verb;
  const CommandOption* option;
  std::vector<std::string> values;  // empty: not set
  std::string origin;               // "built-in", "KT_TEMP" or "FILE:LINE:COL"
  ConfigValue found;

  std::string key() const {
    std::string out;
    for (const std::string& word : verb) out += word + ".";
    return out + option->long_names[0];
  }
};

bool is_shown(const CommandOption& option) {
  return !option.long_names.empty() && option.long_names[0] != "help" && option.long_names[0] != "version" &&
         option.long_names[0] != "config";
}

core::Result<Setting> setting_of(const ConfigStack& stack, const std::vector<std::string>& verb, const CommandOption& option) {
  Setting out{verb, &option, {}, "built-in", {}};
  if (!option.default_value.empty()) out.values = {option.default_value};
  if (option.is_flag()) out.values = {"false"};
  out.found = stack.find(verb, option.long_names);
  if (out.found.value) {
    out.values = KT_TRY(config_texts(out.found, out.key()));
    const core::Place place = out.found.place();
    out.origin = place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  }
  const char* const variable = option.variable.empty() ? nullptr : std::getenv(option.variable.c_str());
  if (variable && *variable) {
    out.values = {variable};
    out.origin = option.variable;
    out.found = {};
  }
  return out;
}

// Every key once, as it holds at the top; then what verbs' sections say otherwise.
core::Result<std::vector<Setting>> all_settings(const ConfigStack& stack, const Command& program) {
  std::vector<Setting> out, own;
  core::Status status;
  for_each_command(program, [&](const Command& command) {
    for (const CommandOption& option : command.options) {
      if (!is_shown(option) || !status.ok()) continue;
      auto top = setting_of(stack, {}, option);
      auto here = setting_of(stack, command.path, option);
      status = top.ok() ? here.status() : top.status();
      if (!status.ok()) return;
      const auto same = [&](const Setting& known) { return known.option->long_names[0] == option.long_names[0]; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(*top);
      if (here->found.value != top->found.value) own.push_back(*here);
    }
  });
  if (!status.ok()) return status;
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

std::string value_text(const Setting& setting) {
  if (setting.values.size() == 1 && !setting.option->repeatable) return setting.values[0];
  if (setting.values.empty()) return "-";
  return "[" + core::join(setting.values) + "]";
}

core::Json setting_json(const Setting& setting) {
  core::Json out = {{"key", setting.key()}, {"value", nullptr}, {"origin", setting.origin}};
  if (setting.option->repeatable)
    out["value"] = setting.values;
  else if (!setting.values.empty())
    out["value"] = setting.values[0];
  return out;
}

core::Status show(Program& program, bool with_origin) {
  const Command commands = describe_command(program.app());
  const ConfigStack& stack = *KT_TRY(program.config());
  const std::vector<Setting> settings = KT_TRY(all_settings(stack, commands));
  core::Json list = core::Json::array();
  for (const Setting& setting : settings) {
    list.push_back(setting_json(setting));
    if (program.json()) continue;
    std::string line = setting.key() + ": " + value_text(setting);
    if (with_origin) line += std::string(line.size() < 38 ? 38 - line.size() : 1, ' ') + "# " + setting.origin;
    program.console().answer(line + "\n");
  }
  if (program.json()) print_json({{"settings", list}});
  return {};
}

std::vector<std::string> split_key(const std::string& key) {
  std::vector<std::string> out(1);
  for (const char c : key) c == '.' ? void(out.emplace_back()) : void(out.back() += c);
  return out;
}

// The option that a key names; with a verb in front of it, one of that verb or of all.
core::Result<CommandOption> option_of(const Command& program, const std::vector<std::string>& key) {
  const Command* command = &program;
  for (size_t i = 0; i + 1 < key.size() && command; ++i) command = command->find(key[i]);
  std::vector<std::string> known;
  const CommandOption* found = nullptr;
  const auto look = [&](const Command& in) {
    for (const CommandOption& option : in.options)
      for (const std::string& name : option.long_names) {
        if (!is_shown(option)) continue;
        known.push_back(name);
        if (name == key.back() && !found) found = &option;
      }
  };
  if (command && command->path.empty()) for_each_command(program, look);
  if (command && !command->path.empty()) look(*command), look(program);
  if (found) return *found;
  std::string hint = core::did_you_mean(key.back(), known);
  return core::fail(102, "there is no key '" + core::join(key, ".") + "'", hint.empty() ? "kt config show lists all keys" : hint);
}

core::Status get(Program& program, const std::string& key) {
  const std::vector<std::string> words = split_key(key);
  const CommandOption option = KT_TRY(option_of(describe_command(program.app()), words));
  const Setting setting = KT_TRY(setting_of(*KT_TRY(program.config()), {words.begin(), words.end() - 1}, option));
  if (program.json())
    print_json(setting_json(setting));
  else
    for (const std::string& value : setting.values) program.console().answer(value + "\n");
  return {};
}

struct SetFlags {
  std::string key;
  std::vector<std::string> values;
  bool dry_run = false;
};

core::Status set(Program& program, const SetFlags& flags) {
  const std::vector<std::string> key = split_key(flags.key);
  const CommandOption option = KT_TRY(option_of(describe_command(program.app()), key));
  if (flags.values.size() > 1 && !option.repeatable) return core::fail(102, "'" + flags.key + "' takes one value");
  KT_TRY(program.try_values(key.back(), flags.values));
  const std::string path = user_config_path(program.environment().config_home);
  if (path.empty()) return core::fail(304, "there is no home folder for a configuration file", "set HOME or XDG_CONFIG_HOME");
  std::error_code error;
  const std::string before = std::filesystem::exists(path, error) ? KT_TRY(read_text(path)) : "";
  const std::string after = KT_TRY(edit_config(before, path, key, flags.values, option.repeatable));
  if (!flags.dry_run) KT_TRY(replace_file(path, after));
  if (program.json())
    print_json({{"path", path}, {"text", after}, {"written", !flags.dry_run}});
  else if (flags.dry_run)
    program.console().answer(after);
  return {};
}

core::Status print_path(Program& program) {
  if (!program.json()) {
    program.console().answer(user_config_path(program.environment().config_home) + "\n");
    return {};
  }
  core::Json list = core::Json::array();
  for (const ConfigFile& file : KT_TRY(program.config())->files())
    list.push_back({{"role", file.role}, {"path", file.path}, {"exists", file.exists}});
  print_json({{"files", list}});
  return {};
}

}  // namespace

void add_config(Program& program) {
  CLI::App* verb = program.app().add_subcommand("config", "settings: what holds, where it comes from, changing it");
  verb->require_subcommand(1);
  verb->footer(
      "examples:\n  kt config show --origin\n  kt config set threads 8\n  kt config set run.temp 0.2 --dry-run\n\n"
      "  A value is taken from the first of: the flag, KT_<NAME> in the environment, --config FILE,\n"
      "  ./kt.yaml, $XDG_CONFIG_HOME/kt/config.yaml, /etc/kt/config.yaml, the built-in default.\n");
  const auto code = [&program](const core::Status& status) { return status.ok() ? 0 : program.console().report(status.error()); };
  auto with_origin = std::make_shared<bool>(false);
  CLI::App* shown = program.add_subverb(verb, "show", "all settings that hold",
                                        [&program, with_origin, code] { return code(show(program, *with_origin)); });
  shown->add_flag("--origin", *with_origin, "say where each value comes from");
  auto key = std::make_shared<std::string>();
  CLI::App* read = program.add_subverb(verb, "get", "one value", [&program, key, code] { return code(get(program, *key)); });
  read->add_option("key", *key, "a long flag, or VERB.FLAG")->required();
  auto flags = std::make_shared<SetFlags>();
  CLI::App* write = program.add_subverb(verb, "set", "set a value in your configuration file",
                                        [&program, flags, code] { return code(set(program, *flags)); });
  write->add_option("key", flags->key, "a long flag, or VERB.FLAG")->required();
  write->add_option("value", flags->values, "the value; several for a repeatable flag")->required();
  write->add_flag("--dry-run", flags->dry_run, "print the file as it would be, and change nothing");
  program.add_subverb(verb, "path", "the name of your configuration file",
                      [&program, code] { return code(print_path(program)); });
}

}  // namespace kt::app
