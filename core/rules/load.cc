#include "core/rules/load.h"

#include <algorithm>
#include <filesystem>

#include "core/rules/codes.h"
#include "core/rules/reading.h"
#include "core/rules/suggest.h"

namespace kt::core {
namespace {

namespace fs = std::filesystem;

using Variables = std::map<std::string, std::string>;

// The path of a rule file written as `name`: beside `base` (or as it stands), then in the folders, with and without ".yaml"; ""
// if nowhere.
std::string locate(const std::string& name, const std::string& base, const std::vector<std::string>& folders) {
  std::vector<fs::path> places = {fs::path(base).parent_path() / name};
  for (const std::string& folder : folders) places.push_back(fs::path(folder) / name);
  for (const fs::path& place : places)
    for (const char* suffix : {"", ".yaml"}) {
      std::error_code error;
      fs::path path = place;
      path += suffix;
      if (fs::is_regular_file(path, error)) return path.string();
    }
  return {};
}

// What `kt` finds in its folders, for a hint.
std::vector<std::string> installed(const std::vector<std::string>& folders) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      if (it->path().extension() == ".yaml") out.push_back(fs::relative(it->path(), folder, error).string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string missing_hint(const std::string& name, const std::vector<std::string>& folders) {
  const std::vector<std::string> known = installed(folders);
  const std::string near = did_you_mean(name, known);
  return !near.empty() ? near : known.empty() ? "give the path of a rule file" : "installed: " + join(known);
}

Error unknown_form(const YamlNode& root, const std::string& path) {
  Error out = fail_at({path, std::max(root.line, 1), std::max(root.column, 1)}, rules::kSyntax,
                      "top level must be a list of rules, found " + root.kind_text());
  if (root.is_null()) {
    out.place.line = out.place.column = 1;
    out.message = "rule file is empty";
    out.hint = "write '[]' if you want no rules";
  } else if (root.is_map() && (root.find("match") || root.find("replace"))) {
    out.hint = "put '- ' before 'match:'";
  } else if (root.is_map()) {
    out.hint = "a file in kt's own form begins with 'kt_rules: 1'";
  } else if (root.is_scalar() && root.text.rfind('<', 0) == 0) {
    out.hint = "this looks like an HTML page";
  } else if (root.is_scalar() && root.text.rfind("version https://git-lfs", 0) == 0) {
    out.hint = "this is a pointer of Git LFS; fetch the file itself";
  }
  return out;
}

class Loader {
 public:
  Loader(const std::vector<std::string>& folders, const Variables& vars) : folders_(folders), vars_(vars) {}

  void read_file(const std::string& path, bool named, const Variables& vars, const Place& from) {
    const std::optional<std::string> text = read_rule_text(path);
    if (!text) {
      set_.errors.push_back(fail_at(from, rules::kInclude, "rule file '" + path + "' cannot be read", "is it readable?"));
      return;
    }
    read_text(*text, path, named, vars);
  }

  void read_text(const std::string& text, const std::string& path, bool named, const Variables& vars) {
    const int file = static_cast<int>(set_.files.size());
    set_.files.push_back({path, named, false});
    const std::string key = identity(path);
    seen_.push_back(key);
    Result<YamlNode> root = parse_yaml(text, path);
    if (!root.ok()) {
      set_.errors.push_back(root.error());
      return;
    }
    FieldReader reader(set_, file);
    if (root->is_sequence()) {
      set_.files.back().list_form = true;
      read_list_form(*root, reader);
    } else if (root->is_map() && root->find("kt_rules")) {
      open_.push_back(key);
      read_native(std::move(*root), reader, path, vars);
      open_.pop_back();
    } else {
      set_.errors.push_back(unknown_form(*root, path));
    }
  }

  RuleSet finish() {
    std::vector<std::string> known;
    for (const auto& [name, value] : set_.vars) known.push_back(name);
    for (const auto& [name, value] : vars_)
      if (!set_.vars.contains(name)) {
        std::string hint = did_you_mean(name, known);
        if (hint.empty()) hint = known.empty() ? "the rule files have no variables" : "variables: " + join(known);
        set_.errors.push_back(fail(rules::kInclude, "--var: no rule file has a variable '" + name + "'", std::move(hint)));
      }
    return std::move(set_);
  }

 private:
  static std::string identity(const std::string& path) {
    std::error_code error;
    const fs::path canonical = fs::weakly_canonical(path, error);
    return error ? path : canonical.string();
  }

  void read_native(YamlNode root, FieldReader& reader, const std::string& path, Variables vars) {
    std::vector<PlacedText> extends;
    read_declared(root);
    read_native_form(std::move(root), reader, vars, extends);
    for (const PlacedText& name : extends) extend(name, path, vars);
  }

  void read_declared(const YamlNode& root) {
    const YamlNode* declared = root.find("vars");
    if (!declared) return;
    for (const YamlEntry& entry : declared->entries) set_.vars.try_emplace(entry.key.text, entry.value.text);
  }

  void extend(const PlacedText& name, const std::string& path, const Variables& vars) {
    constexpr size_t kDeepest = 16;
    const std::string found = locate(name.text, path, folders_);
    if (found.empty()) {
      set_.errors.push_back(
          fail_at(name.place, rules::kInclude, "no rule file '" + name.text + "'", missing_hint(name.text, folders_)));
      return;
    }
    const std::string key = identity(found);
    if (const auto open = std::find(open_.begin(), open_.end(), key); open != open_.end()) {
      std::vector<std::string> circle;
      for (auto it = open; it != open_.end(); ++it) circle.push_back(fs::path(*it).filename().string());
      circle.push_back(fs::path(key).filename().string());
      set_.errors.push_back(fail_at(name.place, rules::kInclude, "'extends' goes in a circle: " + join(circle, " -> ")));
      return;
    }
    if (open_.size() >= kDeepest) {
      set_.errors.push_back(
          fail_at(name.place, rules::kInclude, "more than " + std::to_string(kDeepest) + " files extend each other"));
      return;
    }
    // A second copy of the same rules could never match.
    if (std::find(seen_.begin(), seen_.end(), key) == seen_.end()) read_file(found, false, vars, name.place);
  }

  const std::vector<std::string>& folders_;
  const Variables& vars_;
  RuleSet set_;
  std::vector<std::string> open_;  // files whose `extends` are being read, outermost first
  std::vector<std::string> seen_;
};

}  // namespace

std::string rule_file_of(const std::string& model_name, const std::vector<std::string>& folders) {
  std::error_code error;
  for (const std::string& folder : folders)
    if (const fs::path path = fs::path(folder) / (model_name + ".yaml"); fs::is_regular_file(path, error)) return path.string();
  return "";
}

Result<RuleSet> load_rules(const std::vector<std::string>& files, const std::vector<std::string>& folders,
                           const Variables& vars) {
  Loader loader(folders, vars);
  for (auto name = files.rbegin(); name != files.rend(); ++name) {
    const std::string path = locate(*name, "", folders);
    if (path.empty()) return fail(rules::kInclude, "no rule file '" + *name + "'", missing_hint(*name, folders));
    loader.read_file(path, true, vars, {});
  }
  return loader.finish();
}

RuleSet parse_rules(const std::string& text, const std::string& path, const std::vector<std::string>& folders,
                    const Variables& vars) {
  Loader loader(folders, vars);
  loader.read_text(text, path, true, vars);
  return loader.finish();
}

}  // namespace kt::core
