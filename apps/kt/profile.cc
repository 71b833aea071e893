#include "apps/kt/profile.h"

#include <algorithm>
#include <cstdio>

#include "apps/bench/work.h"

namespace kt::app {
namespace {

using core::Json;
using core::Profile;

// What all steps of one class that ran on one operator did.
struct OperatorTotal {
  size_t nodes = 0;
  uint64_t calls = 0;
  double seconds = 0, bytes = 0;
};

double seconds_between(Profile::Clock::time_point from, Profile::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

const char* phase_name(const core::Plan& plan) { return plan.phase == KT_DECODE ? "decode" : "prefill"; }

// Runs of one plan by the rows they had.
std::map<std::pair<int64_t, int64_t>, int64_t> runs_by_rows(const Profile& profile, const core::Plan& plan) {
  std::map<std::pair<int64_t, int64_t>, int64_t> out;
  for (const Profile::Run& run : profile.runs())
    if (run.plan == &plan) ++out[{run.tokens, run.outputs}];
  return out;
}

// Bytes of weights that the step read in all runs, experts taken as chosen uniformly.
double weight_bytes(const core::Plan& plan, const core::Step& step, const std::map<std::pair<int64_t, int64_t>, int64_t>& runs) {
  const bool on_outputs = plan.values[static_cast<size_t>(step.outputs[0])].shape[0] == KT_DIM_OUTPUTS;
  double bytes = 0;
  for (const auto& [rows, count] : runs)
    bytes += bench::work_of(*step.node, "auto", static_cast<double>(on_outputs ? rows.second : rows.first)).bytes *
             static_cast<double>(count);
  return bytes;
}

double cache_bytes(const core::KvPool& pool, const core::Node& node, int64_t rows) {
  return node.state < 0 ? 0 : static_cast<double>(rows) * static_cast<double>(pool.row_bytes(node.state));
}

std::map<std::pair<std::string, std::string>, OperatorTotal> totals_of(const Profile& profile, const core::Plan& plan,
                                                                       const core::KvPool& pool) {
  std::map<std::pair<std::string, std::string>, OperatorTotal> out;
  const auto runs = runs_by_rows(profile, plan);
  const std::vector<Profile::StepTotal>& steps = profile.totals().at(&plan);
  for (size_t i = 0; i < steps.size(); ++i) {
    const core::Step& step = plan.steps[i];
    OperatorTotal& total =
        step.node ? out[{step.node->class_name, step.binding.operator_name}] : out[{"copy", step.binding.device}];
    ++total.nodes;
    total.calls += steps[i].calls;
    total.seconds += static_cast<double>(steps[i].nanoseconds) * 1e-9;
    if (step.node) total.bytes += weight_bytes(plan, step, runs) + cache_bytes(pool, *step.node, steps[i].cache_rows);
  }
  return out;
}

Json phase_json(const Profile& profile, const core::Plan& plan, const core::KvPool& pool) {
  int64_t runs = 0, rows = 0;
  double seconds = 0, in_steps = 0;
  for (const Profile::Run& run : profile.runs()) {
    if (run.plan != &plan) continue;
    ++runs;
    rows += run.tokens;
    seconds += seconds_between(run.begin, run.end);
  }
  Json operators = Json::array();
  for (const auto& [key, total] : totals_of(profile, plan, pool)) {
    in_steps += total.seconds;
    operators.push_back({{"class", key.first},
                         {"operator", key.second},
                         {"nodes", total.nodes},
                         {"calls", total.calls},
                         {"ms", total.seconds * 1e3},
                         {"share", seconds > 0 ? total.seconds / seconds : 0},
                         {"gb_s", total.bytes > 0 && total.seconds > 0 ? Json(total.bytes / total.seconds * 1e-9) : Json()}});
  }
  std::sort(operators.begin(), operators.end(), [](const Json& a, const Json& b) { return a["ms"] > b["ms"]; });
  return {{"phase", phase_name(plan)},
          {"runs", runs},
          {"rows", rows},
          {"ms", seconds * 1e3},
          {"between_steps_ms", std::max(0.0, seconds - in_steps) * 1e3},
          {"operators", operators}};
}

std::string table(const Json& phase) {
  char line[200];
  const double all = phase["ms"].get<double>();
  std::snprintf(line, sizeof line, "  %s: %lld runs, %lld rows, %.2f ms\n", phase["phase"].get<std::string>().c_str(),
                phase["runs"].get<long long>(), phase["rows"].get<long long>(), all);
  std::string out = line;
  std::snprintf(line, sizeof line, "    %-16s %-20s %6s %8s %10s %7s %7s\n", "CLASS", "OPERATOR", "NODES", "CALLS", "MS", "SHARE",
                "GB/S");
  out += line;
  for (const Json& row : phase["operators"]) {
    char rate[24] = "-";
    if (row["gb_s"].is_number()) std::snprintf(rate, sizeof rate, "%.1f", row["gb_s"].get<double>());
    std::snprintf(line, sizeof line, "    %-16s %-20s %6llu %8llu %10.2f %6.1f%% %7s\n", row["class"].get<std::string>().c_str(),
                  row["operator"].get<std::string>().c_str(), row["nodes"].get<unsigned long long>(),
                  row["calls"].get<unsigned long long>(), row["ms"].get<double>(), 100 * row["share"].get<double>(), rate);
    out += line;
  }
  const double between = phase["between_steps_ms"].get<double>();
  std::snprintf(line, sizeof line, "    %-37s %15s %10.2f %6.1f%%\n", "between steps", "", between,
                all > 0 ? 100 * between / all : 0);
  return out + line;
}

// Time from the first run to the last in which no run was under way: sampling, text, measuring.
double outside_ms(const Profile& profile) {
  if (profile.runs().empty()) return 0;
  double inside = 0;
  for (const Profile::Run& run : profile.runs()) inside += seconds_between(run.begin, run.end);
  return std::max(0.0, seconds_between(profile.runs().front().begin, profile.runs().back().end) - inside) * 1e3;
}

void write_event(std::ofstream& file, const Profile& profile, const std::string& name, const std::string& category,
                 Profile::Clock::time_point begin, double microseconds, const Json& arguments) {
  const double start = seconds_between(profile.runs().front().begin, begin) * 1e6;
  char times[96];
  std::snprintf(times, sizeof times, R"("ph":"X","pid":1,"tid":1,"ts":%.3f,"dur":%.3f)", start, microseconds);
  file << ",\n{\"name\":" << Json(name).dump() << ",\"cat\":" << Json(category).dump() << "," << times
       << ",\"args\":" << arguments.dump() << "}";
}

}  // namespace

void add_profile_flag(CLI::App* verb, std::string& flag) {
  verb->add_flag("--profile", flag,
                 "time by class and operator on stderr; --profile=FILE.json also writes a trace for ui.perfetto.dev");
}

core::Result<Profiling> Profiling::open(const std::string& flag) {
  Profiling out;
  if (flag.empty() || flag == "false" || flag == "0" || flag == "off" || flag == "no") return out;
  out.profile_ = std::make_unique<Profile>();
  if (flag == "true" || flag == "1" || flag == "on" || flag == "yes") return out;
  if (!flag.ends_with(".json"))
    return core::fail(102, "--profile: '" + flag + "' does not end in .json", "for example --profile=trace.json");
  out.path_ = flag;
  out.file_.open(flag, std::ios::trunc);
  if (!out.file_)
    return core::fail(102, "--profile: cannot write '" + flag + "'", "is the folder there, and may you write to it?");
  return out;
}

void Profiling::attach(core::Runtime& runtime) {
  if (!on()) return;
  runtime_ = &runtime;
  runtime.executable().set_profile(profile_.get());
}

Json Profiling::json() const {
  Json out = Json::array();
  if (!runtime_) return out;
  for (const KtPhase phase : {KT_PREFILL, KT_DECODE})
    if (const core::Plan& plan = runtime_->executable().plan(phase); profile_->totals().contains(&plan))
      out.push_back(phase_json(*profile_, plan, runtime_->pool()));
  return out;
}

core::Status Profiling::finish(const Console& console) {
  if (!runtime_) return {};
  runtime_->executable().set_profile(nullptr);
  std::string text;
  for (const Json& phase : json()) text += "\n" + table(phase);
  char line[80];
  std::snprintf(line, sizeof line, "\n  outside the model: %.2f ms", outside_ms(*profile_));
  console.note(text + line);
  return path_.empty() ? core::Status() : write_trace();
}

core::Status Profiling::write_trace() {
  file_ << "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"dropped_events\":" << profile_->dropped_events()
        << "},\"traceEvents\":[\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"kt\"}}";
  for (const Profile::Run& run : profile_->runs())
    write_event(file_, *profile_, phase_name(*run.plan), "run", run.begin, seconds_between(run.begin, run.end) * 1e6,
                {{"rows", run.tokens}, {"outputs", run.outputs}});
  for (const Profile::Event& event : profile_->events()) {
    const core::Step& step = profile_->runs()[event.run].plan->steps[event.step];
    const std::string name = step.node ? step.binding.operator_name : "copy to " + step.binding.device;
    write_event(file_, *profile_, name, step.node ? step.node->class_name : "copy", event.begin,
                static_cast<double>(event.nanoseconds) * 1e-3,
                step.node ? Json({{"node", step.node->name}, {"device", step.binding.device}}) : Json::object());
  }
  file_ << "\n]}\n";
  file_.flush();
  return file_ ? core::Status() : core::fail(1, "cannot write '" + path_ + "'", "is the disk full?");
}

}  // namespace kt::app
