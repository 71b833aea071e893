// The command line: verbs register themselves here, main() parses and runs the chosen one.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <set>
#include <optional>
#include <string>
#include <vector>

#include "apps/kt/config_file.h"
#include "apps/kt/console.h"
#include "core/base/json.h"
#include "core/plugin/registry.h"
#include "core/serve/paths.h"

namespace kt::app {

// Flags that every verb with a model takes.
struct ModelFlags {
  std::string model;  // empty: the bundled model
  std::vector<std::string> rules;
  std::vector<std::string> vars;  // NAME=VALUE
  int threads = 0;
  int context = 0;
  int batch = 512;
  std::string cache_type = "auto";
  bool strict = false;
  bool duplicate_weights = false;
  bool need_tokenizer = true;  // no flag: what the verb needs
};

class Program {
 public:
  Program();

  CLI::App& app() { return app_; }
  Console& console() { return console_; }
  const core::Environment& environment() const { return environment_; }

  // A verb: `run` gives the exit code. The examples are shown first in its help.
  CLI::App* add_verb(const std::string& name, const std::string& help, const std::string& examples, std::function<int()> run);
  CLI::App* add_subverb(CLI::App* parent, const std::string& name, const std::string& help, std::function<int()> run);
  void add_model_flags(CLI::App* verb, ModelFlags& flags) const;

  bool json() const { return json_; }
  // The configuration files, read at first use; never null.
  core::Result<const ConfigStack*> config();
  // Would flags of this name take the values? KT-E0102.
  core::Status try_values(const std::string& name, const std::vector<std::string>& values);
  // Where plugins are looked for; nothing is loaded.
  std::vector<std::string> plugin_folders() const { return core::plugin_folders(environment_, plugin_dirs_); }
  // Loads every plugin and model library once, at first use.
  const core::Registry& registry();
  int parse_and_run(int argc, char** argv);

 private:
  int usage_error(const CLI::ParseError& error);
  void name_variables(CLI::App& app) const;
  // Gives options that neither the command line nor the environment set the values of the configuration files.
  core::Status apply_config();
  core::Status apply_config(CLI::App& app, const std::vector<std::string>& verb);
  void start_log() const;
  std::string near_miss(const std::string& word) const;

  CLI::App app_;
  Console console_;
  core::Environment environment_;
  std::vector<std::string> plugin_dirs_;
  bool json_ = false, quiet_ = false, verbose_ = false, no_colour_ = false;
  std::string config_path_;
  std::optional<core::Result<ConfigStack>> config_;
  std::set<std::string> features_;  // of the processor, that plugins may use
  std::unique_ptr<core::Registry> registry_;
  std::function<int()> action_;
};

// The name of the model that is used when none is given.
inline constexpr const char* kBundledModel = "kt-tiny";

// One JSON document on stdout.
void print_json(const core::Json& document);
// "1,2,3" or "1 2 3" as numbers. KT-E0102 naming the part that is none.
core::Result<std::vector<int32_t>> parse_ids(const std::string& text);
// A whole file, or stdin for "-". KT-E0102 if it cannot be read.
core::Result<std::string> read_text(const std::string& path);

// The verbs; each stands in the file of its name.
void add_run(Program& program);
void add_chat(Program& program);
void add_logits(Program& program);
void add_tokenize(Program& program);
void add_template(Program& program);
void add_inspect(Program& program);
void add_plan(Program& program);
void add_rules(Program& program);
void add_plugins(Program& program);
void add_perplexity(Program& program);
void add_quantize(Program& program);
void add_synth(Program& program);
void add_bench(Program& program);
void add_config(Program& program);
void add_doctor(Program& program);
void add_completion(Program& program);
void add_help(Program& program);

}  // namespace kt::app
