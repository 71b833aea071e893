#include "core/jinja/template.h"

#include <algorithm>

#include "core/jinja/evaluator.h"
#include "core/jinja/from_json.h"
#include "core/jinja/globals.h"
#include "core/jinja/parser.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

// Variables of which the template speaks; the others are not even converted.
Result<std::shared_ptr<Scope>> scope_of(const Program& program, const std::vector<Variable>& variables) {
  auto scope = std::make_shared<Scope>(nullptr);
  const auto set = [&](const std::string& name, auto make) -> Status {
    const auto symbol = std::find(program.symbols.begin(), program.symbols.end(), name);
    if (symbol == program.symbols.end()) return {};
    scope->set(static_cast<Symbol>(symbol - program.symbols.begin()), KT_TRY(make()));
    return {};
  };
  for (const auto& entry : global_values()) KT_TRY(set(entry.first, [&]() -> Result<Value> { return entry.second; }));
  for (const Variable& variable : variables) {
    Status status = set(variable.name, [&] { return from_json(variable.value, variable.is_input); });
    if (!status.ok()) return std::move(status).with_context("the variable " + in_quotes(variable.name)).error();
  }
  return scope;
}

std::vector<TextPart> parts_of(const Text& text) {
  std::vector<TextPart> parts;
  const auto add = [&](size_t begin, size_t end, bool is_input) {
    if (begin < end) parts.push_back({text.bytes().substr(begin, end - begin), is_input});
  };
  size_t at = 0;
  for (const Text::Span& span : text.input()) {
    add(at, span.begin, false);
    add(span.begin, span.end, true);
    at = span.end;
  }
  add(at, text.size(), false);
  return parts;
}

}  // namespace

Result<Template> Template::parse(std::string_view source, const std::string& name) {
  if (!is_valid_utf8(source)) return fail_at(Place{name, 0, 0}, 412, "the template is not UTF-8");
  return Template(KT_TRY(parse_program(source, name)));
}

Result<std::vector<TextPart>> Template::render(const std::vector<Variable>& variables, const RenderOptions& options) const {
  Runtime runtime(options);
  Evaluator evaluator(*program_, &runtime, KT_TRY(scope_of(*program_, variables)));
  return parts_of(KT_TRY(evaluator.render()));
}

}  // namespace kt::core::jinja
