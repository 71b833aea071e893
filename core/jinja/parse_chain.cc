#include <algorithm>

#include "core/io/near_name.h"
#include "core/jinja/parser.h"

namespace kt::core::jinja {
namespace {

bool starts_test_argument(const Token& token) {
  switch (token.type) {
    case Token::kName:
      return !token.is_name("else") && !token.is_name("or") && !token.is_name("and");
    case Token::kString:
    case Token::kInteger:
    case Token::kFloat:
      return true;
    default:
      return token.is_operator("(") || token.is_operator("[") || token.is_operator("{");
  }
}

}  // namespace

Status ExpressionParser::parse_postfix(std::vector<Chain::Step>* steps) {
  while (true) {
    const size_t offset = current().offset;
    if (current().is_operator("."))
      steps->push_back(KT_TRY(parse_attribute()));
    else if (current().is_operator("["))
      steps->push_back(KT_TRY(parse_subscript()));
    else if (current().is_operator("("))
      steps->push_back({offset, Chain::Call{KT_TRY(parse_call_arguments())}});
    else
      return {};
  }
}

Status ExpressionParser::parse_filters_and_tests(std::vector<Chain::Step>* steps) {
  while (true) {
    const size_t offset = current().offset;
    if (skip_operator("|"))
      steps->push_back(KT_TRY(parse_filter()));
    else if (current().is_name("is"))
      steps->push_back(KT_TRY(parse_test()));
    else if (current().is_operator("("))
      steps->push_back({offset, Chain::Call{KT_TRY(parse_call_arguments())}});
    else
      return {};
  }
}

Result<ExpressionRef> ExpressionParser::parse_filters_only(bool first_is_bare) {
  std::vector<Chain::Step> steps;
  while (first_is_bare || skip_operator("|")) {
    first_is_bare = false;
    steps.push_back(KT_TRY(parse_filter()));
  }
  return make_chain(nullptr, std::move(steps));
}

Result<Chain::Step> ExpressionParser::parse_attribute() {
  const size_t offset = take().offset;
  const Token token = take();
  if (token.type == Token::kName) return Chain::Step{offset, Chain::Attribute{token.text}};
  if (token.type != Token::kInteger) return error(token.offset, "expected a name or a number after '.'");
  const int64_t index = std::strtoll(token.text.c_str(), nullptr, 10);
  return Chain::Step{offset, Chain::Item{std::make_unique<Expression>(Expression{token.offset, Literal{Value(index)}})}};
}

// One part of "[a, b:c]": the index, or null and a slice.
Result<ExpressionRef> ExpressionParser::parse_subscript_part(Chain::Slice* slice) {
  const auto at_end = [&] { return current().is_operator("]") || current().is_operator(","); };
  ExpressionRef* const parts[] = {&slice->start, &slice->stop, &slice->step};
  size_t part = 0;
  bool is_slice = false;
  while (!at_end()) {
    if (current().is_operator(":") && part < 2) {
      take();
      is_slice = true;
      ++part;
      continue;
    }
    if (*parts[part]) return unexpected();
    *parts[part] = KT_TRY(parse_expression());
  }
  if (is_slice) return ExpressionRef();
  if (!slice->start) return unexpected();
  return std::move(slice->start);
}

Result<Chain::Step> ExpressionParser::parse_subscript() {
  const size_t offset = take().offset;
  std::vector<ExpressionRef> items;
  bool is_tuple = false;
  while (true) {
    Chain::Slice slice;
    ExpressionRef index = KT_TRY(parse_subscript_part(&slice));
    if (!index) {
      if (is_tuple || !skip_operator("]")) return error(offset, "a slice stands alone between its brackets");
      return Chain::Step{offset, std::move(slice)};
    }
    items.push_back(std::move(index));
    if (!skip_operator(",")) break;
    is_tuple = true;
  }
  KT_TRY(expect_operator("]"));
  if (!is_tuple) return Chain::Step{offset, Chain::Item{std::move(items.front())}};
  return Chain::Step{offset, Chain::Item{std::make_unique<Expression>(Expression{offset, TupleDisplay{std::move(items)}})}};
}

Result<std::string> ExpressionParser::parse_dotted_name(std::string_view what) {
  std::string name = KT_TRY(expect_any_name(what));
  while (skip_operator(".")) name += "." + KT_TRY(expect_any_name(what));
  return name;
}

Error ExpressionParser::unknown_error(const Unknown& unknown) const {
  const std::string near = near_name(unknown.name, unknown.is_filter ? filter_names() : test_names());
  return error(unknown.offset, std::string("there is no ") + (unknown.is_filter ? "filter" : "test") + " '" + unknown.name + "'",
               near.empty() ? "" : "did you mean '" + near + "'?");
}

Result<Chain::Step> ExpressionParser::parse_filter() {
  const size_t offset = current().offset;
  Chain::Filter filter;
  filter.name = KT_TRY(parse_dotted_name("the name of a filter"));
  filter.builtin = find_filter(filter.name);
  if (!filter.builtin && !soft_) unknown_.push_back({offset, true, filter.name});
  if (current().is_operator("(")) filter.arguments = KT_TRY(parse_call_arguments());
  return Chain::Step{offset, std::move(filter)};
}

Result<Chain::Step> ExpressionParser::parse_test() {
  take();
  Chain::Test test;
  test.negated = skip_name("not");
  const size_t offset = current().offset;
  test.name = KT_TRY(parse_dotted_name("the name of a test"));
  test.builtin = find_test(test.name);
  if (!test.builtin && !soft_) unknown_.push_back({offset, false, test.name});
  if (current().is_operator("(")) {
    test.arguments = KT_TRY(parse_call_arguments());
  } else if (starts_test_argument(current())) {
    if (current().is_name("is")) return error(current().offset, "tests cannot follow each other: join them with 'and'");
    ExpressionRef base = KT_TRY(parse_primary());
    std::vector<Chain::Step> steps;
    KT_TRY(parse_postfix(&steps));
    test.arguments.positional.push_back(KT_TRY(make_chain(std::move(base), std::move(steps))));
  }
  return Chain::Step{offset, std::move(test)};
}

Result<CallArguments> ExpressionParser::parse_call_arguments() {
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  take();
  CallArguments arguments;
  bool first = true;
  while (!current().is_operator(")")) {
    if (!first) KT_TRY(expect_operator(","));
    if (current().is_operator(")")) break;
    first = false;
    KT_TRY(parse_argument(&arguments));
  }
  KT_TRY(expect_operator(")"));
  return arguments;
}

Status ExpressionParser::parse_argument(CallArguments* arguments) {
  const size_t offset = current().offset;
  if (arguments->star_star) return error(offset, "nothing may follow '**' arguments");
  if (skip_operator("*")) {
    if (arguments->star) return error(offset, "two '*' arguments");
    arguments->star = KT_TRY(parse_expression());
  } else if (skip_operator("**")) {
    arguments->star_star = KT_TRY(parse_expression());
  } else if (current().type == Token::kName && look().is_operator("=")) {
    std::string name = take().text;
    take();
    for (const auto& [other, value] : arguments->keyword)
      if (other == name) return error(offset, "the argument '" + name + "' is given twice");
    arguments->keyword.emplace_back(std::move(name), KT_TRY(parse_expression()));
  } else {
    if (!arguments->keyword.empty() || arguments->star) return error(offset, "a positional argument follows a named one");
    arguments->positional.push_back(KT_TRY(parse_expression()));
  }
  return {};
}

Result<Target> ExpressionParser::parse_single_target(bool with_namespace) {
  const Nesting nesting(this);
  KT_TRY(nesting.check());
  const Token token = current();
  if (skip_operator("(")) {
    Target out = KT_TRY(parse_target(true, false));
    KT_TRY(expect_operator(")"));
    return out;
  }
  const std::string name = KT_TRY(expect_any_name("the name of a variable"));
  static constexpr std::string_view kConstants[] = {"true", "false", "none", "True", "False", "None"};
  if (std::find(std::begin(kConstants), std::end(kConstants), name) != std::end(kConstants))
    return error(token.offset, "cannot assign to '" + name + "'");
  if (with_namespace && skip_operator("."))
    return Target{token.offset, NamespaceTarget{symbol(name), KT_TRY(expect_any_name("the name of an attribute"))}};
  return Target{token.offset, NameTarget{symbol(name)}};
}

Result<Target> ExpressionParser::parse_target(bool with_tuple, bool with_namespace, std::string_view stop) {
  const size_t offset = current().offset;
  Target first = KT_TRY(parse_single_target(with_namespace));
  if (!with_tuple || !current().is_operator(",")) return first;
  TupleTarget out;
  out.items.push_back(std::move(first));
  while (skip_operator(",")) {
    if (current().type != Token::kName && !current().is_operator("(")) break;
    if (!stop.empty() && current().is_name(stop)) break;
    out.items.push_back(KT_TRY(parse_single_target(with_namespace)));
  }
  return Target{offset, std::move(out)};
}

}  // namespace kt::core::jinja
