// kt chat: a conversation on the terminal.
#include "core/serve/chat.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "apps/kt/check_flags.h"
#include "apps/kt/interrupt.h"
#include "apps/kt/line_editor.h"
#include "apps/kt/session.h"
#include "core/text/detokenizer.h"

namespace kt::app {
namespace {

using Clock = std::chrono::steady_clock;

struct ChatFlags {
  ModelFlags model;
  SamplingFlags sampling;
  std::string system;
};

// The messages so far, and the rows of them that the KV cache holds.
class Conversation {
 public:
  Conversation(Program& program, const ChatFlags& flags, core::Runtime& runtime, core::Generation generation)
      : program_(program), flags_(flags), runtime_(runtime), generation_(std::move(generation)), system_(flags.system) {
    reset();
  }

  void reset() {
    messages_ = core::Json::array();
    if (!system_.empty()) messages_.push_back({{"role", "system"}, {"content", system_}});
  }
  void set_system(const std::string& text) {
    system_ = text;
    reset();
  }

  // Answers on stdout, with --json as one line of JSON. A failed or empty answer leaves the conversation as it was.
  core::Status say(const std::string& text) {
    messages_.push_back({{"role", "user"}, {"content", text}});
    core::Result<std::string> answer = generate();
    if (!answer.ok() || answer->empty()) {
      messages_.erase(messages_.size() - 1);
      return answer.status();
    }
    messages_.push_back({{"role", "assistant"}, {"content", *answer}});
    return {};
  }

 private:
  core::Result<std::string> generate() {
    core::ChatInput input;
    input.messages = messages_;
    const core::ModelSource& source = runtime_.workspace().source();
    input.template_name = source.template_name;
    const auto ids = KT_TRY(core::encode_chat(source.chat_template, *runtime_.tokenizer(), input));
    const core::GenerationOptions options = KT_TRY(generation_options(flags_.sampling, runtime_));
    const size_t kept = KT_TRY(keep_common_rows(ids));
    core::Detokenizer detokenizer(*runtime_.tokenizer(), /*skip_special=*/true);
    std::string text;
    const auto start = Clock::now();
    double first_token = 0;
    const auto emit = [&](const std::string& piece) {
      text += piece;
      return program_.json() || program_.console().answer(piece);
    };
    const auto on_token = [&](int32_t id) {
      if (first_token == 0) first_token = std::chrono::duration<double>(Clock::now() - start).count();
      return emit(detokenizer.push(id)) && !interrupted();
    };
    const auto rest = std::span(ids).subspan(kept);
    const auto result =
        KT_TRY(generation_.run(rest, options, runtime_.context(), on_token, [](size_t, size_t) { return !interrupted(); }));
    emit(detokenizer.finish());
    if (program_.json())
      print_json({{"text", text}, {"ids", result.ids}, {"finish_reason", core::finish_reason_name(result.finish)}});
    program_.console().answer(program_.json() ? "" : "\n");
    held_ = ids;
    held_.insert(held_.end(), result.ids.begin(), result.ids.end());
    held_.resize(static_cast<size_t>(generation_.length()));
    program_.console().note(program_.console().grey(answer_summary(result, rest.size(), first_token)) + "\n");
    return text;
  }

  // Rows of the cache that the new prompt begins with stay; at least one token is left to compute.
  core::Result<size_t> keep_common_rows(const std::vector<int32_t>& ids) {
    const auto length = std::min({held_.size(), static_cast<size_t>(generation_.length()), ids.size() - 1});
    const auto end = held_.begin() + static_cast<std::ptrdiff_t>(length);
    auto same = static_cast<size_t>(std::mismatch(held_.begin(), end, ids.begin()).first - held_.begin());
    if (!generation_.truncate(static_cast<int32_t>(same)).ok()) {
      same = 0;
      KT_TRY(generation_.truncate(0));
    }
    held_.resize(same);
    return same;
  }

  Program& program_;
  const ChatFlags& flags_;
  core::Runtime& runtime_;
  core::Generation generation_;
  std::string system_;
  core::Json messages_;
  std::vector<int32_t> held_;  // tokens whose rows the cache holds
};

constexpr const char* kHelp =
    "  /help            this list\n"
    "  /reset           forget the conversation\n"
    "  /system [TEXT]   start again with this system message, or without one\n"
    "  /quit            end (also Ctrl-D)\n"
    "  a line that ends in \\ goes on in the next; \"\"\" begins and ends a message of several lines\n"
    "  Ctrl-C stops the answer\n";

// False ends the conversation.
bool command(const std::string& line, Conversation& conversation, Console& console) {
  const size_t space = line.find(' ');
  const std::string name = line.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
  if (name == "/quit" || name == "/exit" || name == "/bye") return false;
  if (name == "/reset") {
    conversation.reset();
    console.note("  the conversation is forgotten");
  } else if (name == "/system") {
    conversation.set_system(rest);
    console.note(rest.empty() ? "  no system message" : "  system message set; the conversation starts again");
  } else if (name == "/help") {
    console.note(kHelp);
  } else {
    console.warn("there is no command " + name + "; /help lists them");
  }
  return true;
}

core::Result<int> run_chat(Program& program, ChatFlags& flags) {
  auto runtime = KT_TRY(open_runtime(program, flags.model));
  if (runtime->workspace().source().chat_template.empty())
    return core::fail(411, "the model has no chat template", "complete plain text with kt run --raw");
  Conversation conversation(program, flags, *runtime, KT_TRY(core::Generation::open(runtime->executable(), runtime->pool())));
  LineEditor editor(program.environment().state_home.empty() ? "" : program.environment().state_home + "/kt/history");
  Console& console = program.console();
  if (console.is_terminal()) console.note("  " + runtime->workspace().source().name + "   /help for commands, Ctrl-D to end\n");
  catch_interrupt();
  while (const auto line = editor.read("> ")) {
    clear_interrupt();
    if (line->find_first_not_of(" \t\r\n") == std::string::npos) continue;
    if (line->starts_with('/')) {
      if (!command(*line, conversation, console)) break;
      continue;
    }
    if (const core::Status status = conversation.say(*line); !status.ok()) console.report(status.error());
    if (!console.answer("")) break;
  }
  return 0;
}

}  // namespace

void add_chat(Program& program) {
  auto flags = std::make_shared<ChatFlags>();
  CLI::App* verb = program.add_verb("chat", "a conversation on the terminal",
                                    "  kt chat\n  kt chat model.gguf --system \"Answer in one sentence.\"\n  kt chat --json < questions.txt > answers.jsonl", [&program, flags] {
                                      auto code = run_chat(program, *flags);
                                      return code.ok() ? *code : program.console().report(code.error());
                                    });
  verb->add_option("model,-m,--model", flags->model.model, "GGUF file, HF folder or name; default: the bundled model");
  verb->add_option("--system", flags->system, "system message");
  program.add_model_flags(verb, flags->model);
  add_check_flags(verb);
  add_sampling_flags(verb, flags->sampling);
}

}  // namespace kt::app
