// kt plugins new, kt models new: a folder with a plugin project that builds with the SDK alone.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/kt/plugins.h"

namespace kt::app {
namespace {

namespace fs = std::filesystem;

struct NewProject {
  std::string name;
  bool in_c = false, model = false;
};

// Names stand in file names, C++ identifiers and rules.
core::Status check_name(const std::string& name) {
  bool good = !name.empty() && name.size() <= 32 && std::islower(static_cast<unsigned char>(name[0])) && name.back() != '_';
  for (const char c : name)
    good = good && (std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '_');
  if (good) return {};
  return core::fail(102, "'" + name + "' is no name for a plugin",
                    "use up to 32 of a-z, 0-9 and _, a letter first, as in acme_npu");
}

// "acme_npu" as "AcmeNpu".
std::string type_name(const std::string& name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c != '_') out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return out;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
}

// Copies FILE.in of the template to FILE of the project, with the names put in.
core::Status write_file(const fs::path& from, const fs::path& to, const std::string& name) {
  std::string text = KT_TRY(read_text(from.string()));
  replace_all(text, "@name@", name);
  replace_all(text, "@Name@", type_name(name));
  std::ofstream file(to, std::ios::binary);
  if (!(file << text).flush())
    return core::fail(1, "cannot write '" + to.string() + "'", "is the disk full, or the folder not yours?");
  return {};
}

// The files written, in order of their names.
core::Result<std::vector<std::string>> write_project(const fs::path& templates, const NewProject& project) {
  KT_TRY(check_name(project.name));
  const fs::path from = templates / (project.model ? "model" : project.in_c ? "c" : "cpp"), to = project.name;
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(from, error)) files.push_back(entry.path());
  if (error || files.empty())
    return core::fail(102, "the templates of projects are not in '" + from.string() + "'",
                      "install kt as a whole, with its folder share/kt");
  std::sort(files.begin(), files.end());
  if (fs::exists(to, error))
    return core::fail(102, "'" + to.string() + "' is there already", "choose another name or folder; nothing is overwritten");
  if (!fs::create_directory(to, error)) return core::fail(1, "cannot make the folder '" + to.string() + "': " + error.message());
  std::vector<std::string> out;
  for (const fs::path& file : files) {
    const fs::path target = to / file.stem();
    KT_TRY(write_file(file, target, project.name));
    out.push_back(target.string());
  }
  return out;
}

int run_new(Program& program, const NewProject& project) {
  const fs::path templates = fs::path(program.environment().program).parent_path().parent_path() / "share/kt/templates";
  const auto files = write_project(templates, project);
  if (!files.ok()) return program.console().report(files.error());
  if (program.json()) {
    print_json({{"folder", project.name}, {"files", *files}});
    return 0;
  }
  for (const std::string& file : *files) std::printf("  %s %s\n", program.console().ok_mark(), file.c_str());
  std::printf(
      "  next: cd %s && cmake -B build -DCMAKE_PREFIX_PATH=SDK && cmake --build build\n        kt plugins check "
      "build/libkt_%s.so\n",
      project.name.c_str(), project.name.c_str());
  return 0;
}

void add_new(Program& program, CLI::App* verb, const char* help, const char* examples, bool model) {
  const auto project = std::make_shared<NewProject>();
  project->model = model;
  CLI::App* made = program.add_subverb(verb, "new", help, [&program, project] { return run_new(program, *project); });
  made->add_option("name", project->name, "name of the project, its folder and its library")->required()->type_name("NAME");
  made->footer(examples);
  if (model) return;
  CLI::Option* in_c = made->add_flag("--c", project->in_c, "in C instead of C++");
  made->add_flag("--model", project->model, "a model family instead of an operator")->excludes(in_c);
}

}  // namespace

void add_plugins_new(Program& program, CLI::App* verb) {
  add_new(program, verb, "write a plugin project that builds with the SDK alone",
          "examples:\n  kt plugins new acme\n  kt plugins new acme --c\n", false);
}

void add_models(Program& program) {
  CLI::App* verb = program.app().add_subcommand("models", "libraries of model families");
  verb->require_subcommand(1);
  add_new(program, verb, "write a model library that builds with the SDK alone",
          "examples:\n  kt models new acme\n  kt plugins check acme/build/libkt_acme.so\n", true);
}

}  // namespace kt::app
