#include <charconv>
#include <cstdlib>

#include "core/jinja/parser.h"

namespace kt::core::jinja {
namespace {

template <class Node>
ExpressionRef make(size_t offset, Node node) {
  return std::make_unique<Expression>(Expression{offset, std::move(node)});
}

// The numbers of the operator tables are those of the enumerations.
constexpr std::string_view kArithmetic[] = {"+", "-", "*", "/", "//", "%", "**"};
constexpr std::string_view kComparisons[] = {"==", "!=", "<", "<=", ">", ">="};

int index_of(std::span<const std::string_view> signs, const Token& token) {
  for (size_t i = 0; i < signs.size(); ++i)
    if (token.is_operator(signs[i])) return static_cast<int>(i);
  return -1;
}

// The arithmetic operator at a token, if it is one of those from `first` to `last`.
std::optional<BinaryOp> binary_op(const Token& token, BinaryOp first, BinaryOp last) {
  const int op = index_of(kArithmetic, token);
  if (op < static_cast<int>(first) || op > static_cast<int>(last)) return std::nullopt;
  return static_cast<BinaryOp>(op);
}

std::string without_underscores(const std::string& digits) {
  std::string out;
  for (char c : digits)
    if (c != '_') out += c;
  return out;
}

}  // namespace

Result<ExpressionRef> ExpressionParser::parse_expression() {
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  const size_t offset = current().offset;
  const size_t unknown = unknown_.size();
  ExpressionRef value = KT_TRY(parse_or());
  for (int links = 0; skip_name("if"); ++links) {
    if (links > 20) return error(current().offset, "more than 20 conditions in a row");
    ExpressionRef test = KT_TRY(parse_or());
    ExpressionRef otherwise;
    if (skip_name("else")) otherwise = KT_TRY(parse_expression());
    value = make(offset, Conditional{std::move(test), std::move(value), std::move(otherwise)});
    unknown_.resize(unknown);  // in a condition they fail only when reached
  }
  return value;
}

Result<ExpressionRef> ExpressionParser::parse_or() { return parse_logical(true); }

Result<ExpressionRef> ExpressionParser::parse_logical(bool is_or) {
  const size_t offset = current().offset;
  Expressions operands;
  do operands.push_back(KT_TRY(is_or ? parse_logical(false) : parse_not()));
  while (skip_name(is_or ? "or" : "and"));
  if (operands.size() == 1) return std::move(operands.front());
  return make(offset, Logical{is_or, std::move(operands)});
}

Result<ExpressionRef> ExpressionParser::parse_not() {
  const size_t offset = current().offset;
  if (!skip_name("not")) return parse_comparison();
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  return make(offset, Unary{Unary::kNot, KT_TRY(parse_not())});
}

Result<ExpressionRef> ExpressionParser::parse_comparison() {
  const size_t offset = current().offset;
  Comparison out;
  out.first = KT_TRY(parse_sum());
  while (true) {
    const size_t at = current().offset;
    int op = index_of(kComparisons, current());
    if (op >= 0)
      take();
    else if (skip_name("in"))
      op = Comparison::kIn;
    else if (current().is_name("not") && look().is_name("in"))
      take(), take(), op = Comparison::kNotIn;
    else
      break;
    out.terms.push_back({static_cast<Comparison::Op>(op), at, KT_TRY(parse_sum())});
  }
  if (out.terms.empty()) return std::move(out.first);
  return make(offset, std::move(out));
}

Result<ExpressionRef> ExpressionParser::parse_sum() {
  const size_t offset = current().offset;
  Arithmetic out;
  out.first = KT_TRY(parse_concatenation());
  while (const auto op = binary_op(current(), BinaryOp::kAdd, BinaryOp::kSubtract)) {
    const size_t at = take().offset;
    out.terms.push_back({*op, at, KT_TRY(parse_concatenation())});
  }
  if (out.terms.empty()) return std::move(out.first);
  return make(offset, std::move(out));
}

Result<ExpressionRef> ExpressionParser::parse_concatenation() {
  const size_t offset = current().offset;
  Expressions operands;
  do operands.push_back(KT_TRY(parse_product()));
  while (skip_operator("~"));
  if (operands.size() == 1) return std::move(operands.front());
  return make(offset, Concatenation{std::move(operands)});
}

Result<ExpressionRef> ExpressionParser::parse_product() {
  const size_t offset = current().offset;
  Arithmetic out;
  out.first = KT_TRY(parse_power());
  while (const auto op = binary_op(current(), BinaryOp::kMultiply, BinaryOp::kModulo)) {
    const size_t at = take().offset;
    out.terms.push_back({*op, at, KT_TRY(parse_power())});
  }
  if (out.terms.empty()) return std::move(out.first);
  return make(offset, std::move(out));
}

Result<ExpressionRef> ExpressionParser::parse_power() {
  const size_t offset = current().offset;
  Arithmetic out;
  out.first = KT_TRY(parse_unary(true));
  while (current().is_operator("**")) {
    const size_t at = take().offset;
    out.terms.push_back({BinaryOp::kPower, at, KT_TRY(parse_unary(true))});
  }
  if (out.terms.empty()) return std::move(out.first);
  return make(offset, std::move(out));
}

Result<ExpressionRef> ExpressionParser::parse_unary(bool with_filters) {
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  const size_t offset = current().offset;
  ExpressionRef base;
  if (skip_operator("-"))
    base = make(offset, Unary{Unary::kNegate, KT_TRY(parse_unary(false))});
  else if (skip_operator("+"))
    base = make(offset, Unary{Unary::kPositive, KT_TRY(parse_unary(false))});
  else
    base = KT_TRY(parse_primary());
  std::vector<Chain::Step> steps;
  KT_TRY(parse_postfix(&steps));
  if (with_filters) KT_TRY(parse_filters_and_tests(&steps));
  return make_chain(std::move(base), std::move(steps));
}

Result<ExpressionRef> ExpressionParser::make_chain(ExpressionRef base, std::vector<Chain::Step> steps) {
  if (steps.empty()) return base;
  const size_t offset = base ? base->offset : steps.front().offset;
  return make(offset, Chain{std::move(base), std::move(steps)});
}

Result<ExpressionRef> ExpressionParser::parse_primary() {
  const Token& token = current();
  if (token.type == Token::kName) return parse_name();
  if (token.type == Token::kInteger || token.type == Token::kFloat) return parse_number();
  if (token.type == Token::kString) {
    const size_t offset = token.offset;
    std::string text;
    while (current().type == Token::kString) text += take().text;
    return make(offset, Literal{Value::string(text)});
  }
  if (token.is_operator("(")) return parse_parentheses();
  if (token.is_operator("[")) return parse_list();
  if (token.is_operator("{")) return parse_dict();
  return unexpected();
}

Result<ExpressionRef> ExpressionParser::parse_name() {
  const Token token = take();
  const std::string& name = token.text;
  if (name == "true" || name == "True") return make(token.offset, Literal{Value(true)});
  if (name == "false" || name == "False") return make(token.offset, Literal{Value(false)});
  if (name == "none" || name == "None") return make(token.offset, Literal{Value()});
  for (MacroUse& use : macros_) {
    use.caller |= name == "caller";
    use.varargs |= name == "varargs";
    use.kwargs |= name == "kwargs";
  }
  return make(token.offset, Name{symbol(name)});
}

Result<ExpressionRef> ExpressionParser::parse_number() {
  const Token token = take();
  const std::string digits = without_underscores(token.text);
  if (token.type == Token::kFloat) return make(token.offset, Literal{Value(std::strtod(digits.c_str(), nullptr))});
  const char kind = digits.size() > 1 ? static_cast<char>(digits[1] | 0x20) : '\0';
  const int base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
  int64_t value = 0;
  const char* begin = digits.data() + (base == 10 ? 0 : 2);
  if (std::from_chars(begin, digits.data() + digits.size(), value, base).ec != std::errc())
    return error(token.offset, "the number does not fit in a 64-bit integer");
  return make(token.offset, Literal{Value(value)});
}

Result<ExpressionRef> ExpressionParser::parse_parentheses() {
  const size_t offset = take().offset;
  if (skip_operator(")")) return make(offset, TupleDisplay{});
  ExpressionRef value = KT_TRY(parse_tuple(true));
  KT_TRY(expect_operator(")"));
  return value;
}

Result<ExpressionRef> ExpressionParser::parse_list() {
  const size_t offset = take().offset;
  ListDisplay out;
  while (!current().is_operator("]")) {
    if (!out.items.empty()) KT_TRY(expect_operator(","));
    if (current().is_operator("]")) break;
    out.items.push_back(KT_TRY(parse_expression()));
  }
  KT_TRY(expect_operator("]"));
  return make(offset, std::move(out));
}

Result<ExpressionRef> ExpressionParser::parse_dict() {
  const size_t offset = take().offset;
  DictDisplay out;
  while (!current().is_operator("}")) {
    if (!out.items.empty()) KT_TRY(expect_operator(","));
    if (current().is_operator("}")) break;
    ExpressionRef key = KT_TRY(parse_expression());
    KT_TRY(expect_operator(":"));
    out.items.emplace_back(std::move(key), KT_TRY(parse_expression()));
  }
  KT_TRY(expect_operator("}"));
  return make(offset, std::move(out));
}

bool ExpressionParser::at_tuple_end(const std::vector<std::string_view>& stop) const {
  if (current().type == Token::kVariableEnd || current().type == Token::kBlockEnd || current().is_operator(")")) return true;
  for (std::string_view name : stop)
    if (current().is_name(name)) return true;
  return false;
}

Result<ExpressionRef> ExpressionParser::parse_tuple(bool with_conditional, std::vector<std::string_view> stop) {
  const size_t offset = current().offset;
  Expressions items;
  bool is_tuple = false;
  while (!at_tuple_end(stop)) {
    items.push_back(KT_TRY(with_conditional ? parse_expression() : parse_or()));
    if (!current().is_operator(",")) break;
    is_tuple = true;
    take();
  }
  if (items.empty()) return unexpected();
  if (!is_tuple) return std::move(items.front());
  return make(offset, TupleDisplay{std::move(items)});
}

}  // namespace kt::core::jinja
