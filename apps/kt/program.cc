#include "apps/kt/program.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "apps/kt/command_help.h"
#include "core/plugin/elf_section.h"
#include "core/plugin/manifest.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string home_folder(const char* xdg, const char* below_home) {
  const std::string folder = variable(xdg);
  if (!folder.empty() && folder[0] == '/') return folder;
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/" + below_home;
}

// "--ctx-size" is read from KT_CTX_SIZE.
std::string variable_name(const std::string& flag) {
  std::string out = "KT_";
  for (const char c : flag) out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

core::Environment read_environment() {
  std::error_code error;
  core::Environment out;
  out.program = std::filesystem::read_symlink("/proc/self/exe", error).string();
  out.plugin_path = variable("KT_PLUGIN_PATH");
  out.config_home = home_folder("XDG_CONFIG_HOME", ".config");
  out.data_home = home_folder("XDG_DATA_HOME", ".local/share");
  out.state_home = home_folder("XDG_STATE_HOME", ".local/state");
  out.cache_home = home_folder("XDG_CACHE_HOME", ".cache");
  return out;
}

constexpr const char* kOverride = "--plugin-override";

// The libraries of this plugin before all others: of two plugins with the same operator the first is loaded. False if there are none.
bool put_first(std::vector<core::LibraryFile>& files, const std::string& plugin) {
  const auto is_of_plugin = [&](const core::LibraryFile& file) {
    const auto text = core::read_elf_section(file.path, ".kt_manifest");
    const auto manifest = text.ok() ? core::parse_manifest(*text, file.path) : core::Result<core::Manifest>(text.status());
    return manifest.ok() && manifest->name == plugin;
  };
  return std::stable_partition(files.begin(), files.end(), is_of_plugin) != files.begin();
}

}  // namespace

Program::Program()
    : app_("Runs large language models on one machine; YAML rules decide which operator computes what.", "kt"),
      environment_(read_environment()) {
  app_.option_defaults()->always_capture_default();
  app_.set_help_flag("-h,--help", "print this help and exit");
  app_.require_subcommand(0, 1);
  app_.fallthrough();
  app_.add_flag("--json", json_, "print one JSON document on stdout");
  app_.add_option("--plugin-dir", plugin_dirs_, "a further folder of plugins and model libraries (repeatable)")->type_name("DIR");
  const std::string override_help = "of two plugins with the same operator, load this one (repeatable)";
  app_.add_option(kOverride, override_help)->type_name("NAME")->expected(1)->take_all();
  app_.add_option("--config", config_path_, "a configuration file that wins over the others")->type_name("FILE");
  app_.add_flag("-q,--quiet", quiet_, "only errors on stderr");
  app_.add_flag("-v,--verbose", verbose_, "log what is done");
  app_.add_flag("--no-color", no_colour_, "no colour on the terminal");
}

CLI::App* Program::add_verb(const std::string& name, const std::string& help, const std::string& examples,
                            std::function<int()> run) {
  CLI::App* verb = app_.add_subcommand(name, help);
  verb->footer("examples:\n" + examples + "\n\n");
  // Called after that of a subverb, which is then what to do.
  verb->callback([this, verb, run = std::move(run)] {
    if (verb->get_subcommands().empty()) action_ = run;
  });
  return verb;
}

CLI::App* Program::add_subverb(CLI::App* parent, const std::string& name, const std::string& help, std::function<int()> run) {
  CLI::App* verb = parent->add_subcommand(name, help);
  verb->callback([this, run = std::move(run)] { action_ = run; });
  return verb;
}

void Program::add_model_flags(CLI::App* verb, ModelFlags& flags) const {
  verb->add_option("-r,--rules", flags.rules, "rule file (repeatable, later files are tried first); default: the installed file with the model's name, else auto")
      ->type_name("FILE");
  verb->add_option("--var", flags.vars, "a variable of the rule files")->type_name("NAME=VALUE");
  verb->add_option("-t,--threads", flags.threads, "threads; default: the processors this process may use")
      ->check(CLI::Range(0, 4096));
  verb->add_option("-c,--ctx-size,--max-model-len", flags.context, "tokens of context; default: the model's, at most 8192")
      ->check(CLI::Range(0, 1 << 24));
  verb->add_option("-b,--batch-size", flags.batch, "rows of a prompt computed at once")->check(CLI::Range(1, 65536));
  verb->add_option("--cache-type,--ctk,--kv-type", flags.cache_type, "type of the KV cache: auto, f32, f16, bf16, q8_0, q4_0")
      ->check(CLI::IsMember({"auto", "f32", "f16", "bf16", "q8_0", "q4_0"}));
  verb->add_flag("--strict", flags.strict, "warnings of rule files are errors");
  verb->add_flag("--duplicate-weights", flags.duplicate_weights,
                 "allow a weight on two devices when the phases run a module on different ones");
}

const core::Registry& Program::registry() {
  if (registry_) return *registry_;
  std::vector<core::LibraryFile> files = core::find_libraries(plugin_folders());
  if (const CLI::Option* option = app_.get_option(kOverride); option->count() > 0)
    for (const std::string& name : option->as<std::vector<std::string>>())
      if (!put_first(files, name)) console_.warn(std::string(kOverride) + " " + name + ": no library of a plugin of this name was found");
  registry_ = std::make_unique<core::Registry>(features_);
  registry_->load_files(files);
  return *registry_;
}

std::string Program::near_miss(const std::string& word) const {
  std::vector<std::string> known;
  for (const CLI::App* verb : app_.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(verb->get_name());
    for (const CLI::Option* option : verb->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::Option* option : app_.get_options())
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  return core::nearest(word, known);
}

int Program::usage_error(const CLI::ParseError& error) {
  core::Error out = core::fail(101, error.what(), "kt --help lists verbs and flags");
  if (const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error); extras) {
    const std::vector<std::string> left = app_.remaining(true);
    const std::string word = left.empty() ? std::string(error.what()) : left.front();
    out.message = "'" + word + "' is no verb or flag of this command";
    if (const std::string near = near_miss(word); !near.empty()) out.hint = "did you mean '" + near + "'?";
  }
  return console_.report(out);
}

void Program::name_variables(CLI::App& app) const {
  for (CLI::Option* option : app.get_options())
    if (!option->get_lnames().empty() && option != app.get_help_ptr()) option->envname(variable_name(option->get_lnames()[0]));
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) name_variables(*verb);
}

void Program::start_log() const {
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("kt", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%H:%M:%S.%e %L %v");
  spdlog::set_level(verbose_ ? spdlog::level::debug : spdlog::level::warn);
  if (const std::string preloaded = variable("LD_PRELOAD"); !preloaded.empty()) spdlog::info("LD_PRELOAD={}", preloaded);
}

int Program::parse_and_run(int argc, char** argv) {
  name_variables(app_);
  const auto show = [&](const char* key, const std::string& value, const std::string& text) {
    if (json_)
      print_json({{key, value}});
    else
      console_.answer(text);
    return console_.finish(0);
  };
  app_.set_version_flag("--version", std::string("kt ") + KT_VERSION, "print the version and exit");
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* chosen = &app_;
    while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands()[0];
    const std::string help = help_text(describe_command(*chosen));
    return show("help", help, help);
  } catch (const CLI::CallForVersion& version) {
    return show("version", KT_VERSION, std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return usage_error(error);
  }
  if (const core::Status status = apply_config(); !status.ok()) return console_.report(status.error());
  auto features = core::usable_cpu_features();
  if (!features.ok()) return console_.report(features.error());
  features_ = *std::move(features);
  console_.set_quiet(quiet_);
  if (no_colour_) console_.set_colour(false);
  start_log();
  if (!action_) {
    const std::string help = help_text(describe_command(app_));
    return show("help", help, help);
  }
  return console_.finish(action_());
}

void print_json(const core::Json& document) {
  const std::string text = document.dump(-1, ' ', false, core::Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

core::Result<std::vector<int32_t>> parse_ids(const std::string& text) {
  std::vector<int32_t> out;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    if (*at == ',' || *at == ' ') {
      ++at;
      continue;
    }
    int32_t id = 0;
    const auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc() || (next < end && *next != ',' && *next != ' '))
      return core::fail(102, "'" + std::string(at, end) + "' does not begin with a number", "write ids as 1,2,3");
    out.push_back(id);
    at = next;
  }
  return out;
}

core::Result<std::string> read_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  std::error_code error;
  if (!file || std::filesystem::is_directory(path, error))
    return core::fail(102, "cannot read '" + path + "'", "give the path of a text file, or - for stdin");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace kt::app
