#include "core/conformance/operator_check.h"

#include <algorithm>
#include <cctype>

#include "core/conformance/check.h"
#include "core/conformance/process_state.h"
#include "core/conformance/repeat.h"

namespace kt::conformance {
namespace {

using core::Json;

constexpr double kMostWorst = 1e9;  // JSON has no infinity

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// A measure of how much there is to compute.
int64_t size_of(const Case& spec) {
  int64_t rows = 0, inputs = 1;
  for (const SegmentShape& segment : spec.segments) rows += segment.count;
  for (const Input& input : spec.inputs) {
    int64_t size = 1;
    for (const int64_t dim : input.shape) size *= dim;
    inputs += size;
  }
  return rows * inputs;
}

// A case that the operator took, with its size.
struct Accepted {
  const ChosenCase* chosen;
  int64_t size;
};

class OperatorCheck {
 public:
  OperatorCheck(const core::Registry& registry, const core::OperatorEntry& entry, const CheckOptions& options,
                const Reporter& report)
      : registry_(registry), entry_(entry), options_(options), report_(report) {}

  void check(const std::vector<ChosenCase>& cases) {
    for (const ChosenCase& chosen : cases) check_values(chosen);
    if (accepted_.empty()) return;
    std::stable_sort(accepted_.begin(), accepted_.end(), [](const Accepted& a, const Accepted& b) { return a.size < b.size; });
    // A small case with several rows, so that threads have something to share.
    search_races(*accepted_[accepted_.size() / 4].chosen);
    search_leaks(*accepted_.front().chosen);
    measure_speed(*accepted_.back().chosen);
  }

 private:
  void at(const ChosenCase& chosen, const std::string& step) { report_({{"at", step}, {"case", chosen.id}}); }
  void add_failure(const ChosenCase& chosen, const std::string& what) { report_({{"failure", what}, {"case", chosen.id}}); }

  void check_values(const ChosenCase& chosen) {
    at(chosen, chosen.spec->name);
    const ProcessState before = ProcessState::now();
    const Report found = check_operator(registry_, entry_, {*chosen.spec});
    const std::string changed = before.change();
    if (!changed.empty()) add_failure(chosen, chosen.spec->name + ": it changes " + changed + " of the process");
    report_({{"cases", found.cases}, {"refused", found.refused.size()}, {"worst", std::min(found.worst, kMostWorst)}});
    for (const std::string& failure : found.failures) add_failure(chosen, failure);
    if (found.cases > 0 && found.failures.empty()) accepted_.push_back({&chosen, size_of(*chosen.spec)});
  }

  // Runs `step` on the built case; what it cannot do is a failure of the case.
  template <class Step>
  void on(const ChosenCase& chosen, const std::string& name, Step&& step) {
    at(chosen, name);
    auto built = build_case(registry_.classes(), *chosen.spec);
    core::Status status = built.ok() ? step(*built) : built.status();
    if (!status.ok()) add_failure(chosen, name + ": " + status.error().message);
  }

  void search_races(const ChosenCase& chosen) {
    on(chosen, "repeated runs", [&](const BuiltCase& built) -> core::Status {
      const Repeats found = KT_TRY(repeat_runs(registry_, entry_, built, options_.runs));
      report_({{"runs", found.runs}, {"instances", found.instances}});
      if (!found.difference.empty()) add_failure(chosen, "repeated runs: " + found.difference);
      return {};
    });
  }

  void search_leaks(const ChosenCase& chosen) {
    on(chosen, "create and destroy", [&](const BuiltCase& built) -> core::Status {
      const double bytes = KT_TRY(leaked_bytes(entry_, built));
      report_({{"leaked", bytes}});
      if (bytes > 0)
        add_failure(chosen, "leaks " + std::to_string(static_cast<int64_t>(bytes)) + " B with each create and destroy");
      return {};
    });
  }

  void measure_speed(const ChosenCase& chosen) {
    on(chosen, "speed", [&](const BuiltCase& built) -> core::Status {
      const double speed = KT_TRY(speed_against_oracle(registry_, entry_, built));
      report_({{"speed", speed}, {"speed_case", chosen.spec->name}});
      return {};
    });
  }

  const core::Registry& registry_;
  const core::OperatorEntry& entry_;
  const CheckOptions& options_;
  const Reporter& report_;
  std::vector<Accepted> accepted_;
};

}  // namespace

std::string case_id(const std::string& class_name, size_t index) {
  char text[8];
  std::snprintf(text, sizeof text, "%04zu", index % 10000);
  return class_name + "/" + text;
}

core::Result<std::vector<ChosenCase>> choose_cases(const std::vector<Case>& all, const std::string& class_name,
                                                   const std::string& only_case) {
  std::vector<ChosenCase> out;
  size_t index = 0;
  const std::string asked = lower(only_case);
  for (const Case& spec : all) {
    if (spec.class_name != class_name) continue;
    const std::string id = case_id(class_name, index++);
    if (asked.empty() || asked == lower(id) || asked == lower(class_name + "/" + spec.name)) out.push_back({id, &spec});
  }
  if (out.empty() && !asked.empty() && asked.starts_with(lower(class_name) + "/"))
    return core::fail(901, "there is no case '" + only_case + "'",
                      index == 0 ? "no class of this name has cases" : "the last one is " + case_id(class_name, index - 1));
  return out;
}

void check_one_operator(const core::Registry& registry, const core::OperatorEntry& entry, const std::vector<ChosenCase>& cases,
                        const CheckOptions& options, const Reporter& report) {
  OperatorCheck(registry, entry, options, report).check(cases);
}

void add_report(const Json& line, OperatorResult& result) {
  if (line.contains("failure")) {
    result.failures.push_back({line.value("case", ""), line.value("failure", "")});
    return;
  }
  result.cases += line.value("cases", 0);
  result.refused += line.value("refused", 0);
  result.worst = std::max(result.worst, line.value("worst", 0.0));
  result.runs = line.value("runs", result.runs);
  result.instances = line.value("instances", result.instances);
  result.leaked = line.value("leaked", result.leaked);
  result.speed = line.value("speed", result.speed);
  result.speed_case = line.value("speed_case", result.speed_case);
}

}  // namespace kt::conformance
