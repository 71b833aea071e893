#include <algorithm>

#include "core/jinja/parser.h"

namespace kt::core::jinja {
namespace {

constexpr int kMaxNesting = 100;  // of parentheses, operators that nest and blocks, together

std::string phrase(const Token& token) {
  switch (token.type) {
    case Token::kVariableEnd:
      return "the end of the expression";
    case Token::kBlockEnd:
      return "the end of the tag";
    case Token::kData:
    case Token::kEnd:
      return "the end of the template";
    case Token::kString:
      return "a string";
    default:
      return "'" + token.text + "'";
  }
}

}  // namespace

Status ParserBase::Nesting::check() const {
  if (parser_.depth_ <= kMaxNesting) return {};
  return parser_.error(parser_.current().offset, "the template is nested deeper than " + std::to_string(kMaxNesting) + " levels");
}

bool ParserBase::skip_operator(std::string_view sign) {
  const bool found = current().is_operator(sign);
  if (found) take();
  return found;
}

bool ParserBase::skip_name(std::string_view name) {
  const bool found = current().is_name(name);
  if (found) take();
  return found;
}

Status ParserBase::expect_operator(std::string_view sign) {
  if (skip_operator(sign)) return {};
  return error(current().offset, "expected '" + std::string(sign) + "', found " + phrase(current()));
}

Status ParserBase::expect_name(std::string_view name) {
  if (skip_name(name)) return {};
  return error(current().offset, "expected '" + std::string(name) + "', found " + phrase(current()));
}

Result<std::string> ParserBase::expect_any_name(std::string_view what) {
  if (current().type == Token::kName) return take().text;
  return error(current().offset, "expected " + std::string(what) + ", found " + phrase(current()));
}

Error ParserBase::error(size_t offset, std::string message, std::string hint) const {
  return program_.source.locate(fail(412, std::move(message), std::move(hint)), offset);
}

Error ParserBase::unexpected() const { return error(current().offset, "unexpected " + phrase(current())); }

Symbol ParserBase::symbol(std::string_view name) {
  const auto found = symbol_of_.find(name);
  if (found != symbol_of_.end()) return found->second;
  const Symbol next = static_cast<Symbol>(program_.symbols.size());
  program_.symbols.emplace_back(name);
  symbol_of_.emplace(name, next);
  return next;
}

}  // namespace kt::core::jinja
