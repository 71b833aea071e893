// kt synth: a model with random weights in the geometry of a real one.
#include "apps/synth/synth.h"

#include <charconv>

#include "apps/kt/program.h"

namespace kt::app {
namespace {

struct SynthFlags {
  std::string geometry, type = "q4_k_m", output;
  int experts = 0, vocabulary = 0;
  uint64_t seed = 1;
};

// "qwen3-30b-a3b:12" is a geometry and its number of layers.
core::Result<synth::SynthOptions> options_of(const SynthFlags& flags) {
  synth::SynthOptions out;
  const size_t colon = flags.geometry.find(':');
  out.geometry = flags.geometry.substr(0, colon);
  if (colon != std::string::npos) {
    const std::string layers = flags.geometry.substr(colon + 1);
    const auto [end, error] = std::from_chars(layers.data(), layers.data() + layers.size(), out.layers);
    if (error != std::errc() || end != layers.data() + layers.size() || out.layers < 1 || out.layers > 1000)
      return core::fail(102, "'" + layers + "' is no number of layers", "for example qwen3-30b-a3b:12");
  }
  out.type = flags.type;
  out.experts = flags.experts;
  out.vocabulary = flags.vocabulary;
  out.seed = flags.seed;
  return out;
}

core::Result<int> run_synth(Program& program, const SynthFlags& flags) {
  synth::SynthOptions options = KT_TRY(options_of(flags));
  Console& console = program.console();
  options.progress = [&console](double fraction) { console.progress("write", fraction); };
  const auto report = synth::synthesize(options, flags.output);
  console.clear_progress();
  if (!report.ok()) return report.error();
  const synth::SynthReport& r = report.value();
  if (program.json()) {
    print_json({{"file", flags.output}, {"bytes", r.bytes}, {"active_bytes", r.active_bytes}, {"parameters", r.parameters}});
  } else {
    console.note("  " + flags.output + ": " + bytes_text(static_cast<double>(r.bytes)) + ", of which a token reads " +
                 bytes_text(static_cast<double>(r.active_bytes)));
  }
  return 0;
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void add_synth(Program& program) {
  auto flags = std::make_shared<SynthFlags>();
  CLI::App* verb = program.add_verb(
      "synth", "write a model with random weights, to measure speed",
      "  kt synth qwen3-30b-a3b:12 --type q4_k_m -o q.gguf\n  kt synth deepseek-v3:4 --experts 64 --type q4_k -o v3.gguf",
      [&program, flags] {
        auto code = run_synth(program, *flags);
        return code.ok() ? *code : program.console().report(code.error());
      });
  verb->add_option("geometry", flags->geometry, "GEOMETRY[:LAYERS], of " + listed(synth::synth_geometries()))->required();
  verb->add_option("--type", flags->type, "types of the weights: " + listed(synth::synth_types()));
  verb->add_option("-o,--output", flags->output, "the file")->required();
  verb->add_option("--experts", flags->experts, "routed experts a layer; default: the model's number")
      ->check(CLI::Range(0, 16384));
  verb->add_option("--vocab", flags->vocabulary, "tokens; default: the model's number")->check(CLI::Range(0, 1 << 24));
  verb->add_option("--seed", flags->seed, "seed of the random numbers");
}

}  // namespace kt::app
