// kt completion: scripts that complete kt's words in a shell.
#include <algorithm>
#include <filesystem>

#include "apps/kt/completion_data.h"
#include "apps/kt/program.h"

namespace kt::app {
namespace {

namespace fs = std::filesystem;

struct CompletionFlags {
  std::string shell, names;
};

// Files and folders below the folders as kt takes them by name; of rule files without ".yaml".
std::vector<std::string> installed_names(const std::vector<std::string>& folders, const std::string& ending) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const fs::path name = entry.path().filename();
      if (name.extension() == ending)
        out.push_back(name.stem().string());
      else if (entry.is_directory(error) && ending == ".gguf")
        out.push_back(name.string());
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> names_of(const Program& program, const std::string& kind) {
  return kind == "models" ? installed_names(core::model_folders(program.environment()), ".gguf")
                          : installed_names(core::rule_folders(program.environment()), ".yaml");
}

std::string script_of(Program& program, const std::string& shell) {
  const Command commands = describe_command(program.app());
  return shell == "bash" ? bash_completion(commands) : shell == "zsh" ? zsh_completion(commands) : fish_completion(commands);
}

int run_completion(Program& program, const CompletionFlags& flags) {
  if (flags.shell.empty() == flags.names.empty())
    return program.console().report(core::fail(102, "kt completion takes a shell: bash, zsh or fish", "kt completion --help"));
  if (!flags.names.empty()) {
    const std::vector<std::string> names = names_of(program, flags.names);
    if (program.json())
      print_json({{flags.names, names}});
    else
      for (const std::string& name : names) program.console().answer(name + "\n");
    return 0;
  }
  const std::string script = script_of(program, flags.shell);
  if (program.json())
    print_json({{"shell", flags.shell}, {"script", script}});
  else
    program.console().answer(script);
  return 0;
}

}  // namespace

void add_completion(Program& program) {
  auto flags = std::make_shared<CompletionFlags>();
  CLI::App* verb = program.add_verb("completion", "a script that completes kt's words in a shell",
                                    "  source <(kt completion bash)\n"
                                    "  kt completion zsh > ~/.zfunc/_kt\n"
                                    "  kt completion fish > ~/.config/fish/completions/kt.fish",
                                    [&program, flags] { return run_completion(program, *flags); });
  verb->add_option("shell", flags->shell, "bash, zsh or fish")->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->add_option("--names", flags->names, "only the names of models or rules, for the scripts")
      ->check(CLI::IsMember({"models", "rules"}));
}

}  // namespace kt::app
