// kt run: one prompt, one answer.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "apps/kt/check_flags.h"
#include "apps/kt/interrupt.h"
#include "apps/kt/profile.h"
#include "apps/kt/session.h"
#include "core/serve/chat.h"
#include "core/text/detokenizer.h"

namespace kt::app {
namespace {

using Clock = std::chrono::steady_clock;

struct RunFlags {
  ModelFlags model;
  SamplingFlags sampling;
  std::vector<std::string> words;
  std::string file, ids, system, profile;
  bool raw = false;
  Clock::time_point start = Clock::now();
};

double seconds(Clock::time_point from, Clock::time_point to) { return std::chrono::duration<double>(to - from).count(); }

// The prompt's text: the argument, then a file, then what is piped in.
core::Result<std::string> prompt_text(const RunFlags& flags, const std::string& argument) {
  std::string text = argument;
  const auto append = [&](const std::string& more) { text += (text.empty() ? "" : "\n\n") + more; };
  if (!flags.file.empty()) append(KT_TRY(read_text(flags.file)));
  if (flags.file != "-" && isatty(STDIN_FILENO) == 0 && (argument.empty() || flags.file.empty())) {
    const std::string piped(std::istreambuf_iterator<char>(std::cin), {});
    if (!piped.empty()) append(piped);
  }
  if (text.empty()) return core::fail(104, "there is no prompt", "kt run \"Once upon a time\", or -f FILE, or pipe text in");
  return text;
}

core::Result<std::vector<int32_t>> prompt_ids(const RunFlags& flags, const core::Runtime& runtime, const std::string& text) {
  if (!flags.ids.empty()) return parse_ids(flags.ids);
  const core::Tokenizer& tokenizer = *runtime.tokenizer();
  const core::ModelSource& source = runtime.workspace().source();
  if (flags.raw || source.chat_template.empty()) return tokenizer.encode(text, {});
  core::ChatInput input;
  input.template_name = source.template_name;
  if (!flags.system.empty()) input.messages.push_back({{"role", "system"}, {"content", flags.system}});
  input.messages.push_back({{"role", "user"}, {"content", text}});
  return core::encode_chat(source.chat_template, tokenizer, input);
}

struct Answer {
  core::GenerationResult result;
  std::string text;
  double first_token = 0;
};

core::Result<Answer> generate(Program& program, const RunFlags& flags, core::Runtime& runtime, const std::vector<int32_t>& prompt) {
  const core::GenerationOptions options = KT_TRY(generation_options(flags.sampling, runtime));
  auto generation = KT_TRY(core::Generation::open(runtime.executable(), runtime.pool()));
  core::Detokenizer detokenizer(*runtime.tokenizer(), /*skip_special=*/!flags.sampling.ignore_eos);
  Answer answer;
  const auto emit = [&](const std::string& piece) {
    answer.text += piece;
    return program.json() || program.console().answer(piece);
  };
  const auto on_token = [&](int32_t id) {
    if (answer.first_token == 0) answer.first_token = seconds(flags.start, Clock::now());
    return emit(detokenizer.push(id)) && !interrupted();
  };
  Console& console = program.console();
  const auto on_prompt = [&](size_t done, size_t all) {
    if (all > 512) console.progress("prompt", static_cast<double>(done) / static_cast<double>(all));
    if (done == all) console.clear_progress();
    return !interrupted();
  };
  answer.result = KT_TRY(generation.run(prompt, options, runtime.context(), on_token, on_prompt));
  emit(detokenizer.finish());
  return answer;
}

void print_answer_json(const std::vector<int32_t>& prompt, const Answer& answer, core::Runtime& runtime, const Profiling& profiling, bool drafts) {
  core::Json out = {{"prompt_ids", prompt},
              {"ids", answer.result.ids},
              {"text", answer.text},
              {"finish_reason", core::finish_reason_name(answer.result.finish)},
              {"timings", {{"load_s", runtime.load_seconds()}, {"prompt_s", answer.result.prompt_seconds},
                           {"decode_s", answer.result.decode_seconds}, {"ttft_s", answer.first_token}}},
              {"memory", memory_json(runtime)}};
  if (drafts) out["draft"] = draft_json(answer.result);
  if (profiling.on()) out["profile"] = profiling.json();
  print_json(out);
}

core::Result<int> run_model(Program& program, RunFlags& flags) {
  std::string text;
  KT_TRY(split_positionals(program, flags.words, flags.model.model, text));
  if (flags.ids.empty()) text = KT_TRY(prompt_text(flags, text));
  Profiling profiling = KT_TRY(Profiling::open(flags.profile));
  auto runtime = KT_TRY(open_runtime(program, flags.model));
  const std::vector<int32_t> prompt = KT_TRY(prompt_ids(flags, *runtime, text));
  catch_interrupt();
  profiling.attach(*runtime);
  const Answer answer = KT_TRY(generate(program, flags, *runtime, prompt));
  if (program.json()) {
    print_answer_json(prompt, answer, *runtime, profiling, !flags.sampling.draft.empty());
  } else {
    program.console().answer("\n");
    program.console().note("\n" + program.console().grey(answer_summary(answer.result, prompt.size(), answer.first_token)));
  }
  KT_TRY(profiling.finish(program.console()));
  return interrupted() ? 130 : 0;
}

}  // namespace

void add_run(Program& program) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* verb = program.add_verb("run", "answer a prompt",
                                    "  kt run \"Once upon a time\"\n  git diff | kt run model.gguf \"review:\" --rules my.yaml", [&program, flags] {
    auto code = run_model(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  verb->add_option("words", flags->words, "[MODEL] [PROMPT]: a path or the name of an installed model, and the text")->expected(0, 2);
  verb->add_option("-m,--model", flags->model.model, "GGUF file, HF folder, or name of an installed model; default: the bundled one");
  verb->add_option("-f,--file", flags->file, "read the prompt from a file, - for stdin");
  verb->add_option("--ids", flags->ids, "the prompt as token ids: 1,2,3");
  verb->add_option("--system", flags->system, "system message");
  verb->add_flag("--raw", flags->raw, "complete the text as it is, without the chat template");
  add_profile_flag(verb, flags->profile);
  program.add_model_flags(verb, flags->model);
  add_check_flags(verb);
  add_sampling_flags(verb, flags->sampling);
}

}  // namespace kt::app
