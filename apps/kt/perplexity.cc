// kt perplexity: how well a model predicts a text.
#include <cstdio>

#include "apps/kt/session.h"
#include "core/serve/scoring.h"

namespace kt::app {
namespace {

struct PerplexityFlags {
  ModelFlags model;
  std::string file;
  int window = 512;
};

core::Result<int> run_perplexity(Program& program, PerplexityFlags& flags) {
  const std::string text = KT_TRY(read_text(flags.file));
  if (flags.model.context == 0) flags.model.context = flags.window;
  auto runtime = KT_TRY(open_runtime(program, flags.model));
  const core::Tokenizer& tokenizer = *runtime->tokenizer();
  const auto ids = tokenizer.encode(text, {.add_special = false, .parse_special = false});
  Console& console = program.console();
  const auto bos = static_cast<int32_t>(tokenizer.bos());
  const core::Perplexity result = KT_TRY(core::perplexity(*runtime, ids, bos, static_cast<size_t>(flags.window),
                                                          [&](double fraction) { console.progress("score", fraction); }));
  console.clear_progress();
  if (program.json()) print_json({{"perplexity", result.perplexity}, {"tokens", result.tokens}});
  else std::printf("perplexity %.4f over %zu tokens\n", result.perplexity, result.tokens);
  return 0;
}

}  // namespace

void add_perplexity(Program& program) {
  auto flags = std::make_shared<PerplexityFlags>();
  CLI::App* verb = program.add_verb("perplexity", "how well a model predicts a text",
                                    "  kt perplexity -f heldout.txt\n  kt perplexity model.gguf -f heldout.txt --rules rules/base/ref.yaml --json",
                                    [&program, flags] {
    auto code = run_perplexity(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_option("-f,--file", flags->file, "the text, - for stdin")->required();
  verb->add_option("--window", flags->window, "tokens scored together, the first of them the begin-of-sequence token if there is one")
      ->check(CLI::Range(2, 1 << 20));
  program.add_model_flags(verb, flags->model);
}

}  // namespace kt::app
