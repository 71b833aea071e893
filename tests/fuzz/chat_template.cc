// A chat template, parsed and rendered with a conversation, tools and few steps.
#include "core/base/json.h"
#include "core/jinja/template.h"
#include "tests/fuzz/support.h"

namespace kt::core::fuzz {
namespace {

std::vector<jinja::Variable> variables() {
  const Json messages = Json::parse(R"([{"role":"system","content":"Be <|im_end|> brief."},{"role":"user","content":"Hi"},
    {"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":{"x":1.5}}}]},
    {"role":"tool","content":"[1, 2]"},{"role":"user","content":"\u00e9\ud83d\ude00 thanks"}])");
  const Json tools = Json::parse(R"([{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}])");
  return {{"messages", messages, true},    {"tools", tools, true},      {"documents", Json(), true},
          {"add_generation_prompt", true}, {"bos_token", "<s>", false}, {"eos_token", "</s>", false}};
}

}  // namespace
}  // namespace kt::core::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kt::core;
  using namespace kt::core::fuzz;
  const auto parsed = jinja::Template::parse(text_of(data, size));
  if (!parsed.ok()) {
    require_refusal(parsed.error());
    return 0;
  }
  static const std::vector<jinja::Variable> given = variables();
  jinja::RenderOptions options;
  options.steps = 50'000;
  options.text_bytes = 16 << 20;
  options.now = "2026-11-25 08:00:00";
  const auto rendered = parsed->render(given, options);
  if (!rendered.ok()) {
    require_refusal(rendered.error());
    return 0;
  }
  size_t bytes = 0;
  for (const TextPart& part : *rendered) {
    require(!part.text.empty(), "no part of a prompt is empty");
    bytes += part.text.size();
  }
  require(bytes <= static_cast<size_t>(options.output_bytes), "a rendered prompt keeps to its limit");
  return 0;
}
