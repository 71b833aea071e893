#include <algorithm>

#include "core/jinja/statement_parser.h"

namespace kt::core::jinja {

Result<std::shared_ptr<const Program>> parse_program(std::string_view text, const std::string& name) {
  auto program = std::make_shared<Program>();
  program->source = Source{name, normal_lines(text)};
  std::vector<Token> tokens = KT_TRY(tokenize(program->source));
  program->body = KT_TRY(StatementParser(program.get(), std::move(tokens)).parse_all());
  return std::shared_ptr<const Program>(std::move(program));
}

Result<Body> StatementParser::parse_all() {
  Body body = KT_TRY(parse_body({}));
  if (!unknown_.empty()) return unknown_error(unknown_.front());
  return body;
}

Result<Body> StatementParser::parse_body(const std::vector<std::string_view>& ends) {
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  Body body;
  while (true) {
    const size_t offset = current().offset;
    if (current().type == Token::kEnd) {
      if (ends.empty()) return body;
      return error(offset, "the template ends where '{% " + std::string(ends.back()) + " %}' is expected");
    }
    if (current().type == Token::kData) {
      body.push_back({offset, Data{take().text}});
    } else if (current().type == Token::kVariableBegin) {
      body.push_back(KT_TRY(parse_output()));
    } else {
      take();  // the begin of a block
      if (std::any_of(ends.begin(), ends.end(), [&](std::string_view end) { return current().is_name(end); })) return body;
      body.push_back(KT_TRY(parse_tag()));
    }
  }
}

Result<Body> StatementParser::parse_until(std::string_view end) {
  Body body = KT_TRY(parse_body({end}));
  take();
  KT_TRY(end_tag());
  return body;
}

Status StatementParser::end_tag() {
  if (current().type != Token::kBlockEnd) return unexpected();
  take();
  return {};
}

Result<Statement> StatementParser::parse_output() {
  const size_t offset = take().offset;
  ExpressionRef value = KT_TRY(parse_tuple(true));
  if (current().type != Token::kVariableEnd) return unexpected();
  take();
  return Statement{offset, Output{std::move(value)}};
}

Result<Statement> StatementParser::parse_tag() {
  const size_t offset = current().offset;
  const std::string tag = KT_TRY(expect_any_name("the name of a tag"));
  if (tag == "if") return parse_if(offset);
  if (tag == "for") return parse_for(offset);
  if (tag == "set") return parse_set(offset);
  if (tag == "macro") return parse_macro(offset);
  if (tag == "call") return parse_call(offset);
  if (tag == "filter") return parse_filter_block(offset);
  if (tag == "with") return parse_with(offset);
  if (tag == "block") return parse_block(offset);
  if (tag == "generation") return parse_scoped(offset);
  if (tag == "print") return parse_print(offset);
  if (tag == "break" || tag == "continue") return parse_loop_control(offset, tag);
  if (tag == "include" || tag == "import" || tag == "from" || tag == "extends") return parse_unavailable(offset, tag);
  if (tag.starts_with("end") || tag == "else" || tag == "elif") return error(offset, "'" + tag + "' ends nothing here");
  return error(offset, "there is no tag '" + tag + "'");
}

Result<Statement> StatementParser::parse_if(size_t offset) {
  const bool soft = soft_;
  soft_ = true;
  If out;
  while (true) {
    ExpressionRef test = KT_TRY(parse_tuple(false));
    KT_TRY(end_tag());
    out.branches.emplace_back(std::move(test), KT_TRY(parse_body({"elif", "else", "endif"})));
    const std::string next = take().text;
    if (next == "elif") continue;
    if (next == "else") {
      KT_TRY(end_tag());
      out.otherwise = KT_TRY(parse_until("endif"));
    } else {
      KT_TRY(end_tag());
    }
    break;
  }
  soft_ = soft;
  return Statement{offset, std::move(out)};
}

Result<Statement> StatementParser::parse_for(size_t offset) {
  For out;
  out.target = KT_TRY(parse_target(true, false, "in"));
  KT_TRY(expect_name("in"));
  out.iterable = KT_TRY(parse_tuple(false, {"recursive"}));
  if (skip_name("if")) out.filter = KT_TRY(parse_expression());
  out.recursive = skip_name("recursive");
  KT_TRY(end_tag());
  {
    const Region region(this, true);
    out.body = KT_TRY(parse_body({"endfor", "else"}));
  }
  const bool has_else = take().text == "else";
  KT_TRY(end_tag());
  const Region region(this, in_loop_);
  if (has_else) out.otherwise = KT_TRY(parse_until("endfor"));
  return Statement{offset, std::move(out)};
}

Result<Statement> StatementParser::parse_set(size_t offset) {
  Target target = KT_TRY(parse_target(true, true));
  if (skip_operator("=")) {
    ExpressionRef value = KT_TRY(parse_tuple(true));
    KT_TRY(end_tag());
    return Statement{offset, Set{std::move(target), std::move(value)}};
  }
  if (std::holds_alternative<TupleTarget>(target.node)) return error(offset, "a block of text goes into one variable");
  ExpressionRef filters = KT_TRY(parse_filters_only(false));
  KT_TRY(end_tag());
  const Region region(this, false);
  Body body = KT_TRY(parse_until("endset"));
  return Statement{offset, SetBlock{std::move(target), std::move(filters), std::move(body)}};
}

Status StatementParser::parse_parameters(MacroDefinition* macro) {
  KT_TRY(expect_operator("("));
  while (!current().is_operator(")")) {
    if (!macro->parameters.empty()) KT_TRY(expect_operator(","));
    if (current().is_operator(")")) break;
    const size_t offset = current().offset;
    std::string name = KT_TRY(expect_any_name("the name of a parameter"));
    const bool had_fallback = !macro->parameters.empty() && macro->parameters.back().fallback;
    ExpressionRef fallback;
    if (skip_operator("="))
      fallback = KT_TRY(parse_expression());
    else if (had_fallback)
      return error(offset, "a parameter without a default follows one with a default");
    macro->parameters.push_back({symbol(name), name, std::move(fallback)});
  }
  return expect_operator(")");
}

void StatementParser::close_macro(MacroDefinition* macro) {
  const auto has = [&](std::string_view name) {
    return std::any_of(macro->parameters.begin(), macro->parameters.end(), [&](const auto& p) { return p.name == name; });
  };
  macro->uses_caller = macros_.back().caller && !has("caller");
  macro->uses_varargs = macros_.back().varargs && !has("varargs");
  macro->uses_kwargs = macros_.back().kwargs && !has("kwargs");
  macros_.pop_back();
}

Result<Statement> StatementParser::parse_macro(size_t offset) {
  auto macro = std::make_shared<MacroDefinition>();
  macro->name = KT_TRY(expect_any_name("the name of a macro"));
  const Region region(this, false);
  macros_.emplace_back();
  KT_TRY(parse_parameters(macro.get()));
  KT_TRY(end_tag());
  macro->body = KT_TRY(parse_until("endmacro"));
  close_macro(macro.get());
  const Symbol name = symbol(macro->name);
  return Statement{offset, Macro{name, std::move(macro)}};
}

Result<Statement> StatementParser::parse_call(size_t offset) {
  auto caller = std::make_shared<MacroDefinition>();
  caller->name = "caller";
  const Region region(this, false);
  macros_.emplace_back();
  if (current().is_operator("(")) KT_TRY(parse_parameters(caller.get()));
  const size_t at = current().offset;
  ExpressionRef call = KT_TRY(parse_expression());
  const Chain* chain = std::get_if<Chain>(&call->node);
  if (!chain || !std::holds_alternative<Chain::Call>(chain->steps.back().action)) return error(at, "expected a call of a macro");
  KT_TRY(end_tag());
  caller->body = KT_TRY(parse_until("endcall"));
  close_macro(caller.get());
  return Statement{offset, CallBlock{std::move(call), std::move(caller)}};
}

Result<Statement> StatementParser::parse_filter_block(size_t offset) {
  ExpressionRef filters = KT_TRY(parse_filters_only(true));
  KT_TRY(end_tag());
  const Region region(this, false);
  Body body = KT_TRY(parse_until("endfilter"));
  return Statement{offset, FilterBlock{std::move(filters), std::move(body)}};
}

Result<Statement> StatementParser::parse_with(size_t offset) {
  With out;
  while (current().type != Token::kBlockEnd) {
    if (!out.values.empty()) KT_TRY(expect_operator(","));
    Target target = KT_TRY(parse_target(false, false));
    KT_TRY(expect_operator("="));
    out.values.emplace_back(std::move(target), KT_TRY(parse_expression()));
  }
  KT_TRY(end_tag());
  const Region region(this, in_loop_);
  out.body = KT_TRY(parse_until("endwith"));
  return Statement{offset, std::move(out)};
}

Result<Statement> StatementParser::parse_block(size_t offset) {
  Block out;
  out.name = KT_TRY(expect_any_name("the name of a block"));
  if (std::find(blocks_.begin(), blocks_.end(), out.name) != blocks_.end())
    return error(offset, "the block '" + out.name + "' is defined twice");
  blocks_.push_back(out.name);
  skip_name("scoped");
  skip_name("required");
  KT_TRY(end_tag());
  const Region region(this, false);
  out.body = KT_TRY(parse_body({"endblock"}));
  take();
  skip_name(out.name);
  KT_TRY(end_tag());
  return Statement{offset, std::move(out)};
}

Result<Statement> StatementParser::parse_scoped(size_t offset) {
  KT_TRY(end_tag());
  const Region region(this, false);
  return Statement{offset, Scoped{KT_TRY(parse_until("endgeneration"))}};
}

Result<Statement> StatementParser::parse_print(size_t offset) {
  ExpressionRef value = KT_TRY(parse_tuple(true));
  KT_TRY(end_tag());
  return Statement{offset, Output{std::move(value)}};
}

Result<Statement> StatementParser::parse_loop_control(size_t offset, const std::string& name) {
  if (!in_loop_) return error(offset, "'" + name + "' stands outside of a loop");
  KT_TRY(end_tag());
  if (name == "break") return Statement{offset, Break{}};
  return Statement{offset, Continue{}};
}

Result<Statement> StatementParser::parse_unavailable(size_t offset, const std::string& name) {
  while (current().type != Token::kBlockEnd) {
    if (current().type == Token::kEnd) return unexpected();
    take();
  }
  KT_TRY(end_tag());
  return Statement{offset, Unavailable{name}};
}

}  // namespace kt::core::jinja
