// Reads lines {"template": ..., "vars": {...}, "now": ...} and writes a line {"text": ...} or {"error": ...} for each.
#include <iostream>
#include <string>

#include "core/jinja/template.h"

namespace {

using kt::core::Json;

kt::core::Result<std::string> render(const Json& request) {
  const auto tree = KT_TRY(kt::core::jinja::Template::parse(request.at("template").get<std::string>()));
  std::vector<kt::core::jinja::Variable> variables;
  for (const auto& [name, value] : request.at("vars").items()) variables.push_back({name, value, true});
  kt::core::jinja::RenderOptions options;
  options.now = request.value("now", "2024-07-26 12:34:56");
  std::string text;
  for (const auto& part : KT_TRY(tree.render(variables, options))) text += part.text;
  return text;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto text = render(Json::parse(line));
    const Json answer = text.ok() ? Json{{"text", text.value()}} : Json{{"error", text.error().text()}};
    std::cout << answer.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  }
}
