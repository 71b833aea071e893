#include "core/serve/chat.h"

#include "core/jinja/template.h"

namespace kt::core {
namespace {

// The variables that transformers gives a template. Whatever came with the request is the user's, roles and names too.
std::vector<jinja::Variable> variables_of(const Tokenizer* tokenizer, const ChatInput& input) {
  std::vector<jinja::Variable> out = {{"messages", input.messages, true},
                                      {"tools", input.tools, true},
                                      {"documents", Json(), true},
                                      {"add_generation_prompt", input.add_generation_prompt}};
  const auto add_token = [&](const char* name, int32_t id) {
    if (id >= 0) out.push_back({name, tokenizer->piece(id)});
  };
  if (tokenizer) add_token("bos_token", tokenizer->bos());
  if (tokenizer) add_token("eos_token", tokenizer->eos());
  if (!input.extra.is_object()) return out;
  for (const auto& [name, value] : input.extra.items()) out.push_back({name, value, true});  // takes the place of those above
  return out;
}

Result<std::vector<TextPart>> render_parts(const std::string& chat_template, const Tokenizer* tokenizer, const ChatInput& input) {
  if (chat_template.empty())
    return fail(411, "the model has no chat template",
                "complete plain text with kt run --raw, or give a template with --template");
  const jinja::Template parsed = KT_TRY(jinja::Template::parse(chat_template, input.template_name));
  jinja::RenderOptions options;
  options.now = input.now;
  return parsed.render(variables_of(tokenizer, input), options);
}

}  // namespace

Result<std::string> render_chat(const std::string& chat_template, const Tokenizer* tokenizer, const ChatInput& input) {
  std::string text;
  for (const TextPart& part : KT_TRY(render_parts(chat_template, tokenizer, input))) text += part.text;
  return text;
}

Result<std::vector<int32_t>> encode_chat(const std::string& chat_template, const Tokenizer& tokenizer, const ChatInput& input) {
  // The template writes the beginning of the sequence itself, so none is added.
  return tokenizer.encode_parts(KT_TRY(render_parts(chat_template, &tokenizer, input)), false);
}

}  // namespace kt::core
