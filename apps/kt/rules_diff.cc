// kt rules diff: what changes on a model from one rule file to another, and whether it fits.
#include <algorithm>
#include <cstdio>

#include "apps/kt/rules.h"
#include "apps/kt/rules_text.h"
#include "core/estimate/assumed_types.h"
#include "core/estimate/fit.h"
#include "core/rules/diff.h"
#include "core/serve/runtime.h"

namespace kt::app {
namespace {

struct Diff {
  std::unique_ptr<core::Workspace> workspace;
  core::MachineDescription machine;
  core::BindAttempt before, after;
  std::vector<core::NodeChange> changes;
  std::vector<core::WeightMove> moves;
  core::MemoryPlan plan_before, plan_after;
  core::FitReport fit;

  bool bound() const { return before.errors.empty() && after.errors.empty(); }
};

core::Status open_and_bind(Program& program, const RulesFlags& flags, Diff& out) {
  out.workspace = KT_TRY(open_model(program, flags));
  const core::ModelSource& source = out.workspace->source();
  if (!source.weights || !flags.type.empty())
    KT_TRY(out.workspace->assume_types(flags.type.empty() ? core::type_in_config(source.config) : flags.type));
  if (flags.machine.empty())
    out.machine = core::this_machine(program.registry().machine(), source.weights ? source.weights->total_bytes() : 0);
  else
    out.machine = KT_TRY(core::parse_machine(KT_TRY(read_text(flags.machine)), flags.machine));
  const core::Graph& graph = out.workspace->graph();
  Checked bound;
  KT_TRY(bind_files(program, flags, {flags.before}, graph, out.machine.machine, bound));
  out.before = std::move(bound.attempt);
  KT_TRY(bind_files(program, flags, {flags.after}, graph, out.machine.machine, bound));
  out.after = std::move(bound.attempt);
  return {};
}

core::Status compare(Program& program, const RulesFlags& flags, Diff& out) {
  const core::Graph& graph = out.workspace->graph();
  out.changes = core::diff_bindings(graph, out.before.bound, out.after.bound);
  out.moves = core::moved_weights(graph, out.before.bound, out.after.bound);
  core::RunSizes sizes;
  sizes.threads = out.machine.processors;
  sizes.context = KT_TRY(core::context_size(out.workspace->source().config, flags.context));
  const auto plan = [&](const core::BoundGraph& bound, const core::RunSizes& run) {
    return core::plan_memory(*out.workspace, bound, program.registry(), run);
  };
  out.plan_before = KT_TRY(plan(out.before.bound, sizes));
  out.plan_after = KT_TRY(plan(out.after.bound, sizes));
  out.fit =
      KT_TRY(core::check_fit(out.plan_after, out.machine, [&](const core::RunSizes& run) { return plan(out.after.bound, run); }));
  return {};
}

const char* phase_word(const core::FoldedChange& change) {
  if (change.prefill && change.decode) return "both";
  return kPhases[change.prefill ? KT_PREFILL : KT_DECODE];
}

// ---- JSON

core::Json device_json(const Diff& diff, const std::string& name) {
  const auto need = [&](const core::MemoryPlan& plan) {
    const auto it = plan.devices.find(name);
    return it == plan.devices.end() ? core::DeviceNeed() : it->second;
  };
  const core::MachineDevice* device = diff.machine.machine.find(name);
  return {{"device", name},
          {"weights_before", need(diff.plan_before).weights},
          {"weights_after", need(diff.plan_after).weights},
          {"need", need(diff.plan_after).total()},
          {"free", device ? device->free_bytes : 0}};
}

std::vector<std::string> devices_of(const Diff& diff) {
  std::map<std::string, core::DeviceNeed> all = diff.plan_before.devices;
  all.insert(diff.plan_after.devices.begin(), diff.plan_after.devices.end());
  std::vector<std::string> out;
  for (const auto& [name, need] : all) out.push_back(name);
  return out;
}

core::Json diff_json(const RulesFlags& flags, const Diff& diff) {
  core::Json changes = core::Json::array(), moves = core::Json::array(), devices = core::Json::array();
  for (const core::FoldedChange& change : core::fold_changes(diff.changes))
    changes.push_back({{"nodes", change.name},
                       {"count", change.count},
                       {"class", change.class_name},
                       {"phase", phase_word(change)},
                       {"before", binding_json(diff.before.bound, *change.before)},
                       {"after", binding_json(diff.after.bound, *change.after)}});
  for (const core::WeightMove& move : diff.moves) moves.push_back({{"from", move.from}, {"to", move.to}, {"bytes", move.bytes}});
  for (const std::string& name : devices_of(diff)) devices.push_back(device_json(diff, name));
  core::Json errors = errors_json(diff.before.errors, 'E');
  for (core::Json& error : errors_json(diff.after.errors, 'E')) errors.push_back(std::move(error));
  return {{"before", flags.before}, {"after", flags.after}, {"changes", changes},
          {"moves", moves},         {"devices", devices},   {"fits", diff.bound() ? core::Json(diff.fit.fits()) : core::Json()},
          {"errors", errors}};
}

// ---- Text

// What differs: "cpu.moe → cuda.moe", "cpu → cuda:0", "cpu.moe {activations: auto → f32}".
std::string change_text(const core::NodeBinding& a, const core::NodeBinding& b, const std::string& arrow) {
  const auto name = [](const core::NodeBinding& how) { return how.expanded ? std::string("its body") : how.step.operator_name; };
  std::string out = name(a);
  if (name(a) != name(b)) out += arrow + name(b);
  if (a.step.device != b.step.device) out += (name(a) == name(b) ? " on " : "   ") + a.step.device + arrow + b.step.device;
  if (name(a) != name(b)) return out;
  std::string options;
  for (const auto& [option, value] : b.step.options) {
    const auto old = a.step.options.find(option);
    if (old != a.step.options.end() && old->second == value) continue;
    options += (options.empty() ? "" : ", ") + option + ": " + (old == a.step.options.end() ? "-" : old->second) + arrow + value;
  }
  return options.empty() ? out : out + " {" + options + "}";
}

void print_changes(const Diff& diff, const std::string& arrow) {
  constexpr size_t kName = 48;
  for (const core::FoldedChange& change : core::fold_changes(diff.changes)) {
    const bool both = change.prefill && change.decode;
    const std::string count = std::to_string(change.count) + (change.count == 1 ? " node " : " nodes");
    const std::string name =
        change.name.size() < kName ? cell(change.name, kName) : change.name + "\n" + std::string(13 + kName, ' ');
    std::printf("  %10s %s %s%s\n", count.c_str(), name.c_str(), change_text(*change.before, *change.after, arrow).c_str(),
                both ? "" : (std::string("  (") + phase_word(change) + ")").c_str());
  }
}

void print_devices(const Console& console, const Diff& diff) {
  for (const std::string& name : devices_of(diff)) {
    const core::Json device = device_json(diff, name);
    const auto bytes = [&](const char* key) { return device[key].get<double>(); };
    const double grows = bytes("weights_after") - bytes("weights_before");
    const bool fits = bytes("need") <= bytes("free");
    std::printf(
        "  %-10s %s%s of weights, needs %s of %s %s\n", name.c_str(), grows < 0 ? "-" : "+",
        bytes_text(grows < 0 ? -grows : grows).c_str(), bytes_text(bytes("need")).c_str(), bytes_text(bytes("free")).c_str(),
        fits ? (std::string(console.ok_mark()) + " fits").c_str() : (std::string(console.fail_mark()) + " does not fit").c_str());
  }
}

void print_diff(const Console& console, const RulesFlags& flags, const Diff& diff) {
  const std::string arrow = std::string(console.ok_mark()) == "ok" ? " -> " : " → ";
  std::vector<const core::Node*> nodes;
  for (const core::NodeChange& change : diff.changes) nodes.push_back(change.node);
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  std::printf("  %s%s%s %s %zu of %zu nodes change\n", flags.before.c_str(), arrow.c_str(), flags.after.c_str(), console.dot(),
              nodes.size(), diff.workspace->graph().nodes().size());
  if (nodes.empty()) return;
  std::printf("\n");
  print_changes(diff, arrow);
  std::printf("\n");
  for (const core::WeightMove& move : diff.moves)
    std::printf("  weights    %s%s%s  %s\n", move.from.c_str(), arrow.c_str(), move.to.c_str(),
                bytes_text(static_cast<double>(move.bytes)).c_str());
  if (diff.moves.empty()) std::printf("  weights    none move\n");
  print_devices(console, diff);
}

}  // namespace

core::Result<int> run_rules_diff(Program& program, const RulesFlags& flags) {
  Diff diff;
  KT_TRY(open_and_bind(program, flags, diff));
  if (diff.bound()) KT_TRY(compare(program, flags, diff));
  if (program.json())
    print_json(diff_json(flags, diff));
  else if (diff.bound())
    print_diff(program.console(), flags, diff);
  std::fflush(stdout);
  if (diff.bound()) return 0;
  if (!program.json())
    for (const core::BindAttempt* attempt : {&diff.before, &diff.after})
      std::fprintf(stderr, "%s",
                   problems_text(program.console(), diff.workspace->graph(), attempt->bound, attempt->errors, {}).c_str());
  return static_cast<int>(core::Exit::kRules);
}

}  // namespace kt::app
