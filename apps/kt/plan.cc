// kt plan: what goes where, whether it fits, and how fast it may be, from headers or a configuration alone.
#include "apps/kt/plan_report.h"
#include "apps/kt/session.h"
#include "core/estimate/assumed_types.h"
#include "core/estimate/bandwidth.h"
#include "core/rules/suggest.h"

namespace kt::app {
namespace {

struct PlanFlags {
  ModelFlags model;
  std::string type, vram, ram, machine;
  double bandwidth = 0;  // GB/s of the host
};

core::Result<core::MachineDescription> read_machine(Program& program, const PlanFlags& flags, uint64_t mapped) {
  if (flags.machine.empty()) return core::this_machine(program.registry().machine(), mapped);
  return core::parse_machine(KT_TRY(read_text(flags.machine)), flags.machine);
}

// The machine to plan for, as the flags change it.
core::Result<core::MachineDescription> planned_machine(Program& program, const PlanFlags& flags, uint64_t mapped) {
  core::MachineDescription out = KT_TRY(read_machine(program, flags, mapped));
  bool has_accelerator = false;
  for (core::MachineDevice& device : out.machine.devices) {
    const bool host = device.kind == "cpu";
    has_accelerator = has_accelerator || !host;
    const std::string& size = host ? flags.ram : flags.vram;
    if (size.empty()) continue;
    device.free_bytes = device.total_bytes = KT_TRY(core::parse_size(size, host ? "--ram" : "--vram"));
    if (host) out.host_limit = "--ram";
  }
  if (!flags.vram.empty() && !has_accelerator)
    return core::fail(102, "--vram " + flags.vram + ": the machine has no device with memory of its own",
                      "describe one with --machine FILE");
  if (flags.bandwidth > 0)
    out.bandwidth["cpu"] = flags.bandwidth * 1e9;
  else if (flags.machine.empty())
    core::set_measured(out, core::measure_bandwidth(out.processors, core::Effort::kQuick));
  return out;
}

core::RunSizes sizes_of(const PlanFlags& flags, const core::MachineDescription& machine, int32_t context) {
  core::RunSizes out;
  out.threads = flags.model.threads > 0 ? flags.model.threads : machine.processors;
  out.context = context;
  out.batch = flags.model.batch;
  out.cache_type = flags.model.cache_type;
  return out;
}

core::Result<PlanReport> make_report(Program& program, const PlanFlags& flags) {
  const core::Registry& registry = program.registry();
  const core::RuntimeOptions options = KT_TRY(runtime_options(program, flags.model));
  PlanReport out;
  out.workspace = KT_TRY(core::Workspace::open(registry, options.model, options.model_folders, false));
  const core::ModelSource& source = out.workspace->source();
  if (!source.weights || !flags.type.empty()) {
    out.assumed_type = flags.type.empty() ? core::type_in_config(source.config) : flags.type;
    KT_TRY(out.workspace->assume_types(out.assumed_type));
  }
  const core::Graph& graph = out.workspace->graph();
  out.machine = KT_TRY(planned_machine(program, flags, source.weights ? source.weights->total_bytes() : 0));
  out.bound = KT_TRY(core::bind_rules(registry, graph, options, out.machine.machine));
  const core::Replan plan = [&](const core::RunSizes& sizes) {
    return core::plan_memory(*out.workspace, out.bound, registry, sizes);
  };
  const int32_t context = KT_TRY(core::context_size(source.config, flags.model.context));
  out.plan = KT_TRY(plan(sizes_of(flags, out.machine, context)));
  out.fit = KT_TRY(core::check_fit(out.plan, out.machine, plan));
  return out;
}

core::Result<int> run_plan(Program& program, const PlanFlags& flags) {
  const PlanReport report = KT_TRY(make_report(program, flags));
  for (const core::Error& warning : report.bound.warnings) program.console().warn(core::warning_text(warning));
  if (program.json())
    print_json(plan_json(report));
  else
    program.console().answer(plan_text(report, program.console().ok_mark()));
  if (report.fit.fits()) return 0;
  return core::does_not_fit(report.fit, report.machine);
}

}  // namespace

void add_plan(Program& program) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* verb = program.add_verb("plan", "what goes where, whether it fits, and how fast it may be",
                                    "  kt plan model.gguf -c 32768\n  kt plan config.json --type q4_k_m --ram 512GiB\n"
                                    "  kt plan config.json --machine server.json",
                                    [&program, flags] {
                                      auto code = run_plan(program, *flags);
                                      return code.ok() ? *code : program.console().report(code.error());
                                    });
  verb->add_option("model,-m,--model", flags->model.model,
                   "GGUF file, HF folder, config.json or name; default: the bundled model");
  program.add_model_flags(verb, flags->model);
  verb->add_option("--type", flags->type,
                   "type of the weights where there is only a config.json: " + core::join(core::assumable_types(), ", "))
      ->type_name("TYPE");
  verb->add_option("--vram", flags->vram, "memory of every accelerator")->type_name("SIZE");
  verb->add_option("--ram", flags->ram, "memory of the host")->type_name("SIZE");
  verb->add_option("--bandwidth", flags->bandwidth, "GB/s of the host's memory; default: measured")->check(CLI::Range(0.0, 1e6));
  verb->add_option("--machine", flags->machine, "plan for the machine that this file describes; kt doctor --machine writes it")
      ->type_name("FILE");
}

}  // namespace kt::app
