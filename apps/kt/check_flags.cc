#include "apps/kt/check_flags.h"

#include <unistd.h>

#include <cstdio>

namespace kt::app {
namespace {

constexpr const char *kNan = "--check-nan", *kParanoid = "--plugin-paranoid", *kTimeout = "--op-timeout";

bool is_set(const CLI::App& verb, const char* flag) {
  const CLI::Option* option = verb.get_option_no_throw(flag);
  return option && option->count() > 0 && option->as<bool>();
}

double seconds(const CLI::App& verb) {
  const CLI::Option* option = verb.get_option_no_throw(kTimeout);
  return option && option->count() > 0 ? option->as<double>() : 0;
}

}  // namespace

void add_check_flags(CLI::App* verb) {
  const std::string nan = "end with the layer and the operator whose output is not a finite number; slow";
  const std::string paranoid = "look behind the outputs and the scratch memory of operators after every call; slow";
  const std::string timeout = "end with exit code 70 when one step takes longer; default: never";
  verb->add_flag(kNan, nan);
  verb->add_flag(kParanoid, paranoid);
  verb->add_option(kTimeout, timeout)->type_name("SECONDS")->check(CLI::Range(0.001, 86400.0));
}

void attach_checks(Program& program, core::Executable& executable) {
  const std::vector<CLI::App*> chosen = program.app().get_subcommands();
  if (chosen.empty()) return;
  core::RunCheckOptions options;
  options.finite = is_set(*chosen[0], kNan);
  options.memory = is_set(*chosen[0], kParanoid);
  const double limit = seconds(*chosen[0]);
  options.limit = std::chrono::milliseconds(static_cast<int64_t>(limit * 1000));
  options.on_limit = [&program, limit](const std::string& step) {
    char text[32];
    std::snprintf(text, sizeof text, "%g s", limit);
    _exit(program.console().report(
        core::fail(620, step + " did not come to an end within " + text,
                   "raise --op-timeout if it is only slow, or bind another operator there with --rules")));
  };
  executable.set_checks(std::move(options));
}

}  // namespace kt::app
