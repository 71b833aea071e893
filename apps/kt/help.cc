// kt help and kt version.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/kt/program.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

struct ExitCode {
  int code;
  const char* errors;  // the codes that lead to it
  const char* meaning;
};

constexpr ExitCode kExitCodes[] = {
    {0, "", "success"},
    {1, "KT-E00xx", "failed while running"},
    {2, "KT-E01xx", "wrong use of a verb or flag"},
    {3, "KT-E02xx, KT-E03xx", "wrong rule or configuration file"},
    {4, "KT-E04xx", "model missing, damaged or not supported"},
    {5, "KT-E05xx", "does not fit into memory"},
    {6, "KT-E06xx", "a plugin or model library cannot be used"},
    {7, "KT-E07xx", "the processor or device lacks a feature"},
    {8, "KT-E08xx", "network"},
    {9, "KT-E09xx", "a check found problems"},
    {130, "", "ended by Ctrl-C (SIGINT)"},
    {143, "", "ended by SIGTERM"},
};

std::string exit_codes_text() {
  std::string out = "exit codes\n\n";
  for (const ExitCode& e : kExitCodes) {
    char line[160];
    std::snprintf(line, sizeof line, "  %3d  %-20s %s\n", e.code, e.errors, e.meaning);
    out += line;
  }
  return out;
}

// "KT-E0408" -> what its family means.
core::Result<std::string> error_text(const std::string& code) {
  const bool ok = code.size() == 8 && code.find_first_not_of("0123456789", 4) == std::string::npos;
  if (!ok) return core::fail(102, "'" + code + "' is no error code", "codes look like KT-E0408");
  const int exit = core::exit_code(std::atoi(code.c_str() + 4));
  for (const ExitCode& e : kExitCodes)
    if (e.code == exit) return code + ": " + e.meaning + "; the program ends with exit code " + std::to_string(exit) + "\n";
  return core::fail(102, "'" + code + "' is no error code");
}

std::vector<CLI::App*> verbs_of(CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

core::Result<std::string> topic_text(Program& program, const std::vector<std::string>& words) {
  if (words.empty()) return help_text(program.app());
  if (words[0] == "exit-codes") return exit_codes_text();
  if (words[0].starts_with("KT-E")) return error_text(words[0]);
  CLI::App* verb = &program.app();
  for (const std::string& word : words) {
    std::vector<std::string> known;
    CLI::App* found = nullptr;
    for (CLI::App* candidate : verbs_of(*verb)) {
      known.push_back(candidate->get_name());
      if (candidate->get_name() == word) found = candidate;
    }
    if (!found) return core::fail(101, "there is no help on '" + word + "'", core::did_you_mean(word, known));
    verb = found;
  }
  return help_text(*verb);
}

void append_markdown(CLI::App& verb, std::string& out) {
  out += "## kt " + std::string(verb.get_parent() && verb.get_parent()->get_parent() ? verb.get_parent()->get_name() + " " : "") +
         verb.get_name() + "\n\n```\n" + help_text(verb) + "```\n\n";
  for (CLI::App* below : verbs_of(verb)) append_markdown(*below, out);
}

// FOLDER/commands.md: the help of every verb and the exit codes.
core::Status write_markdown(Program& program, const std::string& folder) {
  std::string out =
      "# Commands\n\nWritten by `kt help --markdown`; every long flag is also a variable `KT_<NAME>` of the environment.\n\n";
  for (CLI::App* verb : verbs_of(program.app())) append_markdown(*verb, out);
  out += "## Exit codes\n\n```\n" + exit_codes_text() + "```\n";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = folder + "/commands.md";
  std::ofstream file(path, std::ios::trunc);
  file << out;
  file.flush();
  if (!file) return core::fail(1, "cannot write '" + path + "'", "is the folder there, and is the disk full?");
  return {};
}

}  // namespace

void add_help(Program& program) {
  struct HelpFlags {
    std::vector<std::string> words;
    std::string markdown;
  };
  auto flags = std::make_shared<HelpFlags>();
  CLI::App* help = program.add_verb("help", "help on a verb, on the exit codes, or on an error code",
                                    "  kt help run\n  kt help exit-codes", [&program, flags] {
                                      if (!flags->markdown.empty()) {
                                        const core::Status status = write_markdown(program, flags->markdown);
                                        return status.ok() ? 0 : program.console().report(status.error());
                                      }
                                      auto text = topic_text(program, flags->words);
                                      if (!text.ok()) return program.console().report(text.error());
                                      program.console().answer(*text);
                                      return 0;
                                    });
  help->add_option("topic", flags->words, "a verb, exit-codes, or KT-E....")->expected(0, 2);
  help->add_option("--markdown", flags->markdown, "write the reference of all verbs into this folder")->type_name("FOLDER");
  program.add_verb("version", "the version of kt and of the plugin ABI", "  kt version\n  kt version --json", [&program] {
    const std::string abi = std::to_string(KT_ABI_MAJOR) + "." + std::to_string(KT_ABI_MINOR);
    if (program.json())
      print_json({{"version", KT_VERSION}, {"abi", abi}});
    else
      program.console().answer(std::string("kt ") + KT_VERSION + "  plugin ABI " + abi + "\n");
    return 0;
  });
}

}  // namespace kt::app
