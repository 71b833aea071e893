// kt perplexity: how well a model predicts a text, and how far it is from a reference.
#include <cstdio>

#include "apps/kt/check_flags.h"
#include "apps/kt/profile.h"
#include "apps/kt/session.h"
#include "core/serve/divergence.h"
#include "core/serve/saved_logits.h"
#include "core/serve/scoring.h"

namespace kt::app {
namespace {

struct PerplexityFlags {
  ModelFlags model;
  std::string file, base, save, profile;
  int window = 512;
};

// The reference that --kl-base names: a file of saved logits, or a model that is run beside.
struct Reference {
  std::unique_ptr<core::Runtime> runtime;
  std::unique_ptr<core::ReferenceLogits> logits;
};

core::Result<Reference> open_reference(Program& program, const PerplexityFlags& flags, const core::ScoredText& text,
                                       const std::string& words, core::Runtime& model) {
  Reference out;
  if (core::is_saved_logits(flags.base)) {
    out.logits = KT_TRY(core::SavedLogits::open(flags.base, text, model.executable().vocab_size()));
    return out;
  }
  ModelFlags base = flags.model;
  base.model = flags.base;
  out.runtime = KT_TRY(open_runtime(program, base));
  const core::Tokenizer& tokenizer = *out.runtime->tokenizer();
  const auto ids = tokenizer.encode(words, {.add_special = false, .parse_special = false});
  if (!std::equal(ids.begin(), ids.end(), text.ids.begin(), text.ids.end()) || tokenizer.bos() != text.bos)
    return core::fail(102, "--kl-base: '" + flags.base + "' has another tokenizer than the model", "compare forms of one model");
  out.logits = std::make_unique<core::RunLogits>(*out.runtime);
  return out;
}

core::Json divergence_json(const core::Divergence& d) {
  return {{"mean", d.mean},       {"mean_error", d.mean_error}, {"median", d.median},         {"p99", d.p99},
          {"p999", d.p999},       {"max", d.largest},           {"same_top", d.same_top},     {"rms_probability_change", d.rms_change},
          {"base_perplexity", d.reference_perplexity}};
}

void print_divergence(const core::Perplexity& result, const core::Divergence& d) {
  std::printf("reference  %.4f, ratio %.5f\n", d.reference_perplexity, result.perplexity / d.reference_perplexity);
  std::printf("KL         mean %.3g ± %.2g, median %.3g, 99 %% %.3g, 99.9 %% %.3g, largest %.3g nats\n", d.mean, d.mean_error, d.median,
              d.p99, d.p999, d.largest);
  std::printf("same top   %.2f %% of the tokens; their probability changes by %.3g (root mean square)\n", 100 * d.same_top,
              d.rms_change);
}

core::Result<int> run_perplexity(Program& program, PerplexityFlags& flags) {
  if (!flags.base.empty() && !flags.save.empty())
    return core::fail(102, "--kl-base and --save-logits exclude each other", "save the logits of the reference first, then compare");
  Profiling profiling = KT_TRY(Profiling::open(flags.profile));
  const std::string words = KT_TRY(read_text(flags.file));
  if (flags.model.context == 0) flags.model.context = flags.window;
  auto runtime = KT_TRY(open_runtime(program, flags.model));
  const core::Tokenizer& tokenizer = *runtime->tokenizer();
  const auto ids = tokenizer.encode(words, {.add_special = false, .parse_special = false});
  const core::ScoredText text{ids, static_cast<int32_t>(tokenizer.bos()), static_cast<size_t>(flags.window)};

  Reference reference;
  std::unique_ptr<core::LogitsWriter> writer;
  std::optional<core::DivergenceMeter> meter;
  if (!flags.base.empty()) {
    reference = KT_TRY(open_reference(program, flags, text, words, *runtime));
    meter.emplace(*reference.logits);
  }
  if (!flags.save.empty()) writer = KT_TRY(core::LogitsWriter::create(flags.save, text, runtime->executable().vocab_size()));
  core::ScoreListener* listener = meter ? static_cast<core::ScoreListener*>(&*meter) : writer.get();

  profiling.attach(*runtime);
  Console& console = program.console();
  const auto scored =
      core::perplexity(*runtime, text, listener, [&](double fraction) { console.progress("score", fraction); });
  console.clear_progress();
  const core::Perplexity result = KT_TRY(scored);
  if (writer) KT_TRY(writer->finish());
  KT_TRY(profiling.finish(console));
  if (program.json()) {
    core::Json out = {{"perplexity", result.perplexity}, {"tokens", result.tokens}};
    if (meter) out["kl"] = divergence_json(meter->result());
    if (profiling.on()) out["profile"] = profiling.json();
    print_json(out);
    return 0;
  }
  std::printf("perplexity %.4f over %zu tokens\n", result.perplexity, result.tokens);
  if (meter) print_divergence(result, meter->result());
  return 0;
}

}  // namespace

void add_perplexity(Program& program) {
  auto flags = std::make_shared<PerplexityFlags>();
  CLI::App* verb = program.add_verb("perplexity", "how well a model predicts a text",
                                    "  kt perplexity -f heldout.txt\n"
                                    "  kt perplexity model-q4_k_m.gguf -f heldout.txt --kl-base model/ --json\n"
                                    "  kt perplexity model/ -f heldout.txt --save-logits model.logits\n"
                                    "  kt perplexity model-q4_k_m.gguf -f heldout.txt --kl-base model.logits",
                                    [&program, flags] {
    auto code = run_perplexity(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_option("-f,--file", flags->file, "the text, - for stdin")->required();
  verb->add_option("--window", flags->window, "tokens scored together, the first of them the begin-of-sequence token if there is one")
      ->check(CLI::Range(2, 1 << 20));
  verb->add_option("--kl-base", flags->base, "a model, or a file of --save-logits, to compare with: Kullback-Leibler divergence and agreement");
  verb->add_option("--save-logits", flags->save, "write the probabilities of every token for later comparisons")->type_name("FILE");
  add_profile_flag(verb, flags->profile);
  program.add_model_flags(verb, flags->model);
  add_check_flags(verb);
}

}  // namespace kt::app
