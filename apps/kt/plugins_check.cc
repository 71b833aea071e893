// kt plugins check: runs the conformance cases on the operators of one library, which may crash or hang without harm.
#include <cstdio>
#include <set>

#include "apps/kt/plugins.h"
#include "apps/kt/wrap.h"
#include "core/conformance/plugin_check.h"

namespace kt::app {
namespace {

using conformance::CaseFailure;
using conformance::OperatorResult;
using conformance::PluginCheck;

constexpr size_t kShownFailures = 3;  // of one operator
constexpr size_t kShownSymbols = 4;
constexpr size_t kWidth = 100;

std::string join(const std::vector<std::string>& items, size_t most) {
  std::string out;
  for (size_t i = 0; i < std::min(items.size(), most); ++i) out += (out.empty() ? "" : ", ") + items[i];
  return items.size() > most ? out + ", and " + std::to_string(items.size() - most) + " more" : out;
}

// Prints the result in the layout of a person's terminal.
class Table {
 public:
  Table(const PluginCheck& check, const Console& console, std::string target)
      : check_(check), console_(console), target_(std::move(target)) {}

  void print() const {
    print_load();
    if (check_.loaded) {
      print_operators();
      print_repeats();
      print_speed();
    }
    const std::string result =
        !check_.loaded ? "the library cannot be used"
        : check_.operators.empty()
            ? "no operators; " + std::to_string(check_.models.size()) + " model families"
            : std::to_string(check_.passed_operators()) + " of " + std::to_string(check_.checked_operators()) + " ops pass";
    std::printf("  result   %-76s exit %d\n", result.c_str(), check_.passed() ? 0 : 9);
  }

 private:
  std::string mark(bool good) const { return good ? console_.ok_mark() : console_.fail_mark(); }

  // Items side by side as far as the line reaches.
  void print_row(const char* label, const std::vector<std::string>& items, const std::string& between) const {
    std::string line;
    for (const std::string& item : items) {
      if (!line.empty() && columns(line) + columns(item) + columns(between) + 11 > kWidth) {
        std::printf("  %-8s %s\n", label, line.c_str());
        label = "";
        line.clear();
      }
      line += (line.empty() ? "" : between) + item;
    }
    if (!line.empty()) std::printf("  %-8s %s\n", label, line.c_str());
  }

  void print_load() const {
    const auto symbols = [this](const std::vector<std::string>& found, const char* good, const char* bad) {
      return mark(found.empty()) + " " + (found.empty() ? good : bad + join(found, kShownSymbols));
    };
    std::vector<std::string> items;
    for (const std::string& problem : check_.load_problems) items.push_back(mark(false) + " " + problem);
    if (check_.loaded) {
      items.push_back(symbols(check_.undefined, "no undefined symbols", "symbols that no library it needs provides: "));
      items.push_back(symbols(check_.exported, "exports only kt_plugin_entry", "exports more than kt_plugin_entry: "));
      items.push_back(symbols(check_.standard, "no libstdc++ symbols leaked", "leaks symbols of libstdc++: "));
    }
    print_row("load", items, std::string(" ") + console_.dot() + " ");
  }

  void print_operators() const {
    std::vector<std::string> items;
    int cases = 0;
    double worst = 0;
    for (const OperatorResult& op : check_.operators) {
      cases += op.cases;
      worst = std::max(worst, op.worst);
      items.push_back(op.name + " " + (op.not_checked.empty() ? mark(op.passed()) : "-"));
    }
    char text[120];
    std::snprintf(text, sizeof text, "(%d cases, reference = ref f32, largest error %.2g of the allowed one)", cases, worst);
    if (!items.empty()) items.push_back(text);
    print_row("ops", items, "  ");
    for (const OperatorResult& op : check_.operators) print_failures(op);
  }

  // In the column of the items.
  static void print_sentence(const std::string& text) {
    constexpr size_t kIndent = 11;
    std::string out(kIndent, ' ');
    append_wrapped(out, text, kIndent, kWidth);
    std::printf("%s", out.c_str());
  }

  void print_failures(const OperatorResult& op) const {
    if (!op.not_checked.empty()) print_sentence(op.name + " is not checked: " + op.not_checked);
    std::set<std::string> shown;
    size_t left = 0;
    for (const CaseFailure& failure : op.failures) {
      if (!shown.insert(failure.case_id).second) continue;
      if (shown.size() > kShownFailures) {
        ++left;
        continue;
      }
      print_sentence(op.name + ": " + failure.what);
      if (!failure.case_id.empty())
        std::printf("             repro: kt plugins check %s --case %s\n", target_.c_str(), failure.case_id.c_str());
    }
    if (left > 0) print_sentence(op.name + ": and " + std::to_string(left) + " more cases fail; --json lists them all");
  }

  void print_repeats() const {
    int runs = 0, instances = 0;
    bool same = true, level = true, measured = false;
    double leaked = 0;
    for (const OperatorResult& op : check_.operators) {
      runs = std::max(runs, op.runs);
      instances = std::max(instances, op.instances);
      for (const CaseFailure& failure : op.failures) same = same && !failure.what.starts_with("repeated runs");
      if (op.leaked < 0) continue;
      measured = true;
      leaked = std::max(leaked, op.leaked);
      level = level && op.leaked <= 0;
    }
    if (runs == 0) return;
    std::printf("  threads  %s %d instances side by side, %d runs of each operator", mark(same).c_str(), instances, runs);
    if (measured) std::printf(" %s leaks %s %.0f B", console_.dot(), mark(level).c_str(), leaked);
    std::printf("\n");
  }

  void print_speed() const {
    std::vector<std::string> items;
    for (const OperatorResult& op : check_.operators) {
      char text[32];
      std::snprintf(text, sizeof text, " %.1f%s", op.speed, console_.times());
      if (op.speed > 0) items.push_back(op.name + text);
    }
    if (!items.empty()) items.push_back("(of ref, one thread, the largest case)");
    print_row("speed", items, "  ");
  }

  const PluginCheck& check_;
  const Console& console_;
  std::string target_;
};

core::Json operator_json(const OperatorResult& op, const std::string& target) {
  core::Json failures = core::Json::array();
  for (const CaseFailure& failure : op.failures) {
    core::Json item = {{"what", failure.what}};
    if (!failure.case_id.empty()) {
      item["case"] = failure.case_id;
      item["repro"] = "kt plugins check " + target + " --case " + failure.case_id;
    }
    failures.push_back(item);
  }
  core::Json out = {{"name", op.name},       {"implements", op.implements},
                    {"device", op.device},   {"cases", op.cases},
                    {"refused", op.refused}, {"worst", op.worst},
                    {"runs", op.runs},       {"passed", op.not_checked.empty() && op.passed()},
                    {"failures", failures}};
  if (!op.not_checked.empty()) out["not_checked"] = op.not_checked;
  if (op.leaked >= 0) out["leaked_bytes"] = op.leaked;
  if (op.speed > 0) out["speed"] = {{"times_ref", op.speed}, {"case", op.speed_case}};
  return out;
}

core::Json check_json(const PluginCheck& check, const std::string& target) {
  core::Json operators = core::Json::array();
  for (const OperatorResult& op : check.operators) operators.push_back(operator_json(op, target));
  return {{"plugin", check.name},
          {"version", check.version},
          {"path", check.path},
          {"load",
           {{"loaded", check.loaded},
            {"problems", check.load_problems},
            {"undefined", check.undefined},
            {"exported", check.exported},
            {"libstdcxx", check.standard}}},
          {"models", check.models},
          {"operators", operators},
          {"passed", check.passed()}};
}

int run_check(Program& program, const std::string& target, const conformance::CheckOptions& options) {
  const std::vector<std::string> folders = program.plugin_folders();
  const auto files = conformance::find_plugin(target, folders);
  if (!files.ok()) return program.console().report(files.error());
  const auto check =
      conformance::check_plugin(*files, folders, options, [&](double done) { program.console().progress("checking", done); });
  program.console().clear_progress();
  if (!check.ok()) return program.console().report(check.error());
  if (program.json())
    print_json(check_json(*check, target));
  else
    Table(*check, program.console(), target).print();
  return check->passed() ? 0 : static_cast<int>(core::Exit::kCheck);
}

}  // namespace

void add_plugins_check(Program& program, CLI::App* verb) {
  struct Flags {
    std::string target;
    conformance::CheckOptions options;
  };
  const auto flags = std::make_shared<Flags>();
  CLI::App* check = program.add_subverb(verb, "check", "run the conformance cases on the operators of one library",
                                        [&program, flags] { return run_check(program, flags->target, flags->options); });
  check->add_option("plugin", flags->target, "a library, or the name of an installed plugin")->required()->type_name("PATH|NAME");
  check->add_option("--case", flags->options.only_case, "only this case, as in RmsNorm/0003")->type_name("CLASS/CASE");
  check->add_option("--runs", flags->options.runs, "runs of each operator in the search for races")
      ->check(CLI::Range(1, 1000000));
  check->add_option("--timeout", flags->options.silence, "seconds that one step may take")->check(CLI::Range(0.1, 86400.0));
  check->footer("examples:\n  kt plugins check build/libkt_acme.so\n  kt plugins check acme --case MoeExperts/0137\n");
}

}  // namespace kt::app
