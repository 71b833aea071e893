// kt template render: what a model's chat template makes of messages.
#include <algorithm>
#include <cstdio>

#include "apps/kt/program.h"
#include "core/serve/chat.h"
#include "core/serve/workspace.h"

namespace kt::app {
namespace {

struct TemplateFlags {
  std::string model, template_file, messages;
};

// "2024-07-26 12:34:56" or [2024, 7, 26, 12, 34, 56].
core::Result<std::string> read_time(const core::Json& now, const std::string& path) {
  if (now.is_string()) return now.get<std::string>();
  const auto is_number = [](const core::Json& part) { return part.is_number_integer() && part >= 0 && part <= 9999; };
  if (!now.is_array() || now.size() != 6 || !std::all_of(now.begin(), now.end(), is_number))
    return core::fail(102, path + ": \"now\" is no time", "write it as \"2024-07-26 12:34:56\"");
  char text[64];
  const auto part = [&](size_t i) { return now[i].get<int>(); };
  std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", part(0), part(1), part(2), part(3), part(4), part(5));
  return std::string(text);
}

// {"messages": [...], "tools": [...], "add_generation_prompt": true, "now": "...", further variables}, or a bare list of
// messages.
core::Result<core::ChatInput> read_input(const std::string& path) {
  core::Json document = KT_TRY(core::parse_json(KT_TRY(read_text(path)), path));
  core::ChatInput input;
  if (document.is_array()) {
    input.messages = std::move(document);
    return input;
  }
  if (!document.is_object() || !document.contains("messages")) return core::fail(102, path + " has no \"messages\"");
  for (auto& [key, value] : document.items()) {
    if (key == "messages")
      input.messages = value;
    else if (key == "tools")
      input.tools = value;
    else if (key == "add_generation_prompt" && value.is_boolean())
      input.add_generation_prompt = value.get<bool>();
    else if (key == "now")
      input.now = KT_TRY(read_time(value, path));
    else
      input.extra[key] = value;
  }
  return input;
}

core::Result<int> run_render(Program& program, const TemplateFlags& flags) {
  core::ChatInput input = KT_TRY(read_input(flags.messages));
  std::string source;
  std::shared_ptr<const core::Tokenizer> tokenizer;
  if (!flags.template_file.empty()) {
    source = KT_TRY(read_text(flags.template_file));
    input.template_name = flags.template_file;
  } else {
    const std::string path =
        KT_TRY(core::find_model(flags.model.empty() ? kBundledModel : flags.model, core::model_folders(program.environment())));
    const core::ModelSource model =
        KT_TRY(core::open_model(path, core::OpenOptions{.need_weights = false, .need_config = false}));
    source = model.chat_template;
    input.template_name = model.template_name;
    tokenizer = KT_TRY(core::load_tokenizer(model));
  }
  const std::string text = KT_TRY(core::render_chat(source, tokenizer.get(), input));
  if (program.json())
    print_json({{"text", text}});
  else
    std::printf("%s\n", text.c_str());
  return 0;
}

}  // namespace

void add_template(Program& program) {
  auto flags = std::make_shared<TemplateFlags>();
  CLI::App* verb = program.app().add_subcommand("template", "chat templates");
  verb->require_subcommand(1);
  CLI::App* render = program.add_subverb(verb, "render", "the prompt a chat template makes of messages", [&program, flags] {
    auto code = run_render(program, *flags);
    return code.ok() ? *code : program.console().report(code.error());
  });
  render->footer(
      "examples:\n  kt template render --messages chat.json\n  kt template render --template chat.jinja --messages chat.json "
      "--json\n");
  render->add_option("model,-m,--model", flags->model, "model whose template is used; default: the bundled model");
  render->add_option("--template", flags->template_file, "a template file instead of a model's");
  render->add_option("--messages", flags->messages, "JSON: messages, tools, add_generation_prompt, now, further variables")
      ->required();
}

}  // namespace kt::app
