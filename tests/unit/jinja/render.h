// Rendering in tests.
#pragma once

#include <string>
#include <vector>

#include "core/jinja/template.h"

namespace kt::core::jinja {

inline Result<std::vector<TextPart>> render_parts(const std::string& source, const std::vector<Variable>& variables = {},
                                                  const RenderOptions& options = {}) {
  const Template tree = KT_TRY(Template::parse(source, "t"));
  return tree.render(variables, options);
}

inline Result<std::string> render_text(const std::string& source, const std::vector<Variable>& variables = {},
                                       const RenderOptions& options = {}) {
  std::string text;
  for (const TextPart& part : KT_TRY(render_parts(source, variables, options))) text += part.text;
  return text;
}

}  // namespace kt::core::jinja
