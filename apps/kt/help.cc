// kt help and kt version.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/kt/command_help.h"
#include "apps/kt/error_table.h"
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
    {70, "KT-E0620", "an operator did not come to an end (--op-timeout)"},
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

// All codes, one a line.
std::string errors_text() {
  std::string out = "errors; kt help KT-Exxxx explains one\n\n";
  for (const ErrorHelp& e : error_table()) out += "  " + error_name(e.code) + "  " + e.title + "\n";
  return out;
}

core::Result<std::string> error_text(const std::string& code) {
  const ErrorHelp* entry = find_error(code);
  if (!entry) return core::fail(102, "'" + code + "' is no error code", "kt help errors lists all; they look like KT-E0408");
  return error_help_text(*entry);
}

// "KT-E0408" or "KT-W0203", in any case.
bool looks_like_code(const std::string& word) {
  return word.size() >= 3 && (word[0] == 'K' || word[0] == 'k') && (word[1] == 'T' || word[1] == 't') && word[2] == '-';
}

core::Result<std::string> topic_text(const Command& program, const std::vector<std::string>& words) {
  if (words.empty()) return help_text(program);
  if (words[0] == "exit-codes") return exit_codes_text();
  if (words[0] == "errors") return errors_text();
  if (looks_like_code(words[0])) return error_text(words[0]);
  const Command* command = &program;
  for (const std::string& word : words) {
    const Command* found = command->find(word);
    std::vector<std::string> known = {"exit-codes", "errors"};
    for (const Command& below : command->verbs) known.push_back(below.name);
    if (!found) return core::fail(101, "there is no help on '" + word + "'", core::did_you_mean(word, known));
    command = found;
  }
  return help_text(*command);
}

core::Json error_json(const ErrorHelp& e) {
  return {{"code", error_name(e.code)}, {"title", e.title},   {"meaning", e.meaning},
          {"causes", e.causes},         {"remedy", e.remedy}, {"exit_code", core::exit_code(e.code)}};
}

// The topic as one document: its text, or the data of error codes.
core::Result<core::Json> topic_json(const Command& program, const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == "errors") {
    core::Json out = core::Json::array();
    for (const ErrorHelp& e : error_table()) out.push_back(error_json(e));
    return core::Json{{"errors", out}};
  }
  const std::string text = KT_TRY(topic_text(program, words));
  if (!words.empty() && looks_like_code(words[0])) return error_json(*find_error(words[0]));
  return core::Json{{"help", text}};
}

core::Status write_page(const std::string& folder, const std::string& name, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = folder + "/" + name;
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.flush();
  if (!file) return core::fail(1, "cannot write '" + path + "'", "is the folder there, and is the disk full?");
  return {};
}

core::Status write_markdown(const Command& program, const std::string& folder) {
  KT_TRY(write_page(folder, "cli.md", cli_markdown(program, exit_codes_text())));
  return write_page(folder, "errors.md", errors_markdown());
}

core::Status write_man_pages(const Command& program, const std::string& folder) {
  KT_TRY(write_page(folder, "kt.1", man_page(program, program, KT_VERSION, exit_codes_text())));
  for (const Command& verb : program.verbs)
    KT_TRY(write_page(folder, "kt-" + verb.name + ".1", man_page(verb, program, KT_VERSION, exit_codes_text())));
  return {};
}

struct HelpFlags {
  std::vector<std::string> words;
  std::string markdown, man;
};

core::Status run_help(Program& program, const HelpFlags& flags) {
  const Command commands = describe_command(program.app());
  if (!flags.markdown.empty()) KT_TRY(write_markdown(commands, flags.markdown));
  if (!flags.man.empty()) KT_TRY(write_man_pages(commands, flags.man));
  if (!flags.markdown.empty() || !flags.man.empty()) return {};
  if (program.json())
    print_json(KT_TRY(topic_json(commands, flags.words)));
  else
    program.console().answer(KT_TRY(topic_text(commands, flags.words)));
  return {};
}

}  // namespace

void add_help(Program& program) {
  auto flags = std::make_shared<HelpFlags>();
  CLI::App* help = program.add_verb("help", "help on a verb, on the exit codes, or on an error code",
                                    "  kt help run\n  kt help KT-E0203\n  kt help exit-codes", [&program, flags] {
                                      const core::Status status = run_help(program, *flags);
                                      return status.ok() ? 0 : program.console().report(status.error());
                                    });
  help->add_option("topic", flags->words, "a verb, exit-codes, errors, or KT-E....")->expected(0, 2);
  help->add_option("--markdown", flags->markdown, "write the reference of verbs and errors into this folder")
      ->type_name("FOLDER");
  help->add_option("--man", flags->man, "write a man page for each verb into this folder")->type_name("FOLDER");
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
