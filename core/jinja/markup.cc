#include "core/jinja/markup.h"

namespace kt::core::jinja {
namespace {

std::string_view entity(char byte) {
  switch (byte) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\'':
      return "&#39;";
    case '"':
      return "&#34;";
    default:
      return {};
  }
}

}  // namespace

Text escaped(const Text& text) {
  if (text.markup()) return text;
  Text out;
  size_t from = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    const std::string_view name = entity(text.bytes()[at]);
    if (name.empty()) continue;
    out.append(text, from, at);
    out.append(name, text.is_input(at));
    from = at + 1;
  }
  out.append(text, from, text.size());
  return out.with_markup(true);
}

}  // namespace kt::core::jinja
