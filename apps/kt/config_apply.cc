// Flags that take their values from configuration files.
#include "apps/kt/program.h"

namespace kt::app {
namespace {

// Verbs that must work whatever the files say: they explain, show or mend them.
bool reads_no_config(const std::string& verb) {
  return verb == "help" || verb == "version" || verb == "config" || verb == "completion" || verb == "doctor";
}

bool is_true(const std::string& text) { return text == "true" || text == "on" || text == "yes" || text == "1"; }
bool is_false(const std::string& text) { return text == "false" || text == "off" || text == "no" || text == "0"; }

// Gives the option the values; what the parser says against them, or "".
std::string give(CLI::Option& option, const std::vector<std::string>& values) {
  const bool is_flag = option.get_type_size() == 0 || option.get_expected_max() == 0;
  if (is_flag && (values.size() != 1 || (!is_true(values[0]) && !is_false(values[0])))) return "is a switch: true or false";
  if (is_flag && is_false(values[0])) return "";
  if (!is_flag && values.size() > 1 && option.get_expected_max() <= 1) return "takes one value";
  try {
    for (const std::string& value : values) option.add_result(is_flag ? "true" : value);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    option.clear();
    return error.what();
  }
  return "";
}

}  // namespace

core::Result<const ConfigStack*> Program::config() {
  if (!config_) config_ = ConfigStack::load(config_path_, environment_.config_home);
  if (!config_->ok()) return config_->error();
  return &**config_;
}

core::Status Program::apply_config() {
  std::vector<CLI::App*> chain = {&app_};
  std::vector<std::string> verb;
  while (!chain.back()->get_subcommands().empty()) {
    chain.push_back(chain.back()->get_subcommands()[0]);
    verb.push_back(chain.back()->get_name());
  }
  if (verb.empty() || reads_no_config(verb[0])) return {};
  KT_TRY(KT_TRY(config())->check(describe_command(app_)));
  for (CLI::App* app : chain) KT_TRY(apply_config(*app, verb));
  return {};
}

core::Status Program::apply_config(CLI::App& app, const std::vector<std::string>& verb) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty() || option->count() > 0 || option == app.get_help_ptr()) continue;
    const std::string& name = option->get_lnames()[0];
    if (name == "config" || name == "version") continue;
    const ConfigValue found = KT_TRY(config())->find(verb, option->get_lnames());
    if (!found.value) continue;
    const std::string wrong = give(*option, KT_TRY(config_texts(found, name)));
    if (!wrong.empty())
      return core::fail_at(found.place(), 303, name + ": " + wrong, "kt help VERB says what --" + name + " takes");
  }
  return {};
}

core::Status Program::try_values(const std::string& name, const std::vector<std::string>& values) {
  std::vector<CLI::App*> apps = {&app_};
  for (size_t i = 0; i < apps.size(); ++i) {
    for (CLI::App* below : apps[i]->get_subcommands([](CLI::App*) { return true; })) apps.push_back(below);
    for (CLI::Option* option : apps[i]->get_options()) {
      if (option->count() > 0 || !option->check_lname(name)) continue;
      const std::string wrong = give(*option, values);
      if (!wrong.empty()) return core::fail(102, name + ": " + wrong, "kt help VERB says what --" + name + " takes");
    }
  }
  return {};
}

}  // namespace kt::app
