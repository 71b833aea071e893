// From tokens to the tree.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/jinja/ast.h"

namespace kt::core::jinja {

// KT-E0412.
Result<std::shared_ptr<const Program>> parse_program(std::string_view text, const std::string& name);

// What both halves of the parser share: the tokens and where they are, the names, and how deep the nesting is.
class ParserBase {
 protected:
  ParserBase(Program* program, std::vector<Token> tokens) : program_(*program), tokens_(std::move(tokens)) {
    for (const char* name : {"loop", "caller", "varargs", "kwargs"}) symbol(name);
  }

  const Token& current() const { return tokens_[at_]; }
  const Token& look() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool skip_operator(std::string_view sign);
  bool skip_name(std::string_view name);
  Status expect_operator(std::string_view sign);
  Status expect_name(std::string_view name);
  Result<std::string> expect_any_name(std::string_view what);
  Error error(size_t offset, std::string message, std::string hint = {}) const;
  Error unexpected() const;
  Symbol symbol(std::string_view name);

  // Counts the nesting of expressions and blocks while it lives.
  class Nesting {
   public:
    explicit Nesting(ParserBase* parser) : parser_(*parser) { ++parser_.depth_; }
    ~Nesting() { --parser_.depth_; }
    Status check() const;

   private:
    ParserBase& parser_;
  };

  // What a macro asks for beyond its parameters, found while its body is parsed.
  struct MacroUse {
    bool caller = false, varargs = false, kwargs = false;
  };

  Program& program_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  bool soft_ = false;  // directly inside an `if`: unknown filters fail only when reached
  struct Unknown {
    size_t offset = 0;
    bool is_filter = true;
    std::string name = {};
  };
  std::vector<Unknown> unknown_;  // filters and tests outside conditions
  std::vector<MacroUse> macros_;
  std::map<std::string, Symbol, std::less<>> symbol_of_;
};

class ExpressionParser : protected ParserBase {
 protected:
  using ParserBase::ParserBase;

  Result<ExpressionRef> parse_expression();  // with `a if b else c`
  Result<ExpressionRef> parse_or();
  // Expressions with commas between them, a tuple if there is more than one; `stop` names that end it.
  Result<ExpressionRef> parse_tuple(bool with_conditional, std::vector<std::string_view> stop = {});
  Result<ExpressionRef> parse_filters_only(bool first_is_bare);  // "|a|b", or "a|b" if the first has no sign before it
  Result<ExpressionRef> parse_unary(bool with_filters);
  Result<Target> parse_target(bool with_tuple, bool with_namespace, std::string_view stop = {});
  Result<ExpressionRef> make_chain(ExpressionRef base, std::vector<Chain::Step> steps);
  Error unknown_error(const Unknown& unknown) const;

 private:
  Result<ExpressionRef> parse_logical(bool is_or);
  Result<ExpressionRef> parse_not();
  Result<ExpressionRef> parse_comparison();
  Result<ExpressionRef> parse_sum();
  Result<ExpressionRef> parse_concatenation();
  Result<ExpressionRef> parse_product();
  Result<ExpressionRef> parse_power();
  Result<ExpressionRef> parse_primary();
  Result<ExpressionRef> parse_parentheses();
  Result<ExpressionRef> parse_list();
  Result<ExpressionRef> parse_dict();
  Result<ExpressionRef> parse_number();
  Result<ExpressionRef> parse_name();
  Status parse_postfix(std::vector<Chain::Step>* steps);
  Status parse_filters_and_tests(std::vector<Chain::Step>* steps);
  Result<Chain::Step> parse_subscript();
  Result<ExpressionRef> parse_subscript_part(Chain::Slice* slice);
  Result<Chain::Step> parse_attribute();
  Result<Chain::Step> parse_filter();
  Result<Chain::Step> parse_test();
  Result<CallArguments> parse_call_arguments();
  Status parse_argument(CallArguments* arguments);
  Result<std::string> parse_dotted_name(std::string_view what);
  Result<Target> parse_single_target(bool with_namespace);
  bool at_tuple_end(const std::vector<std::string_view>& stop) const;
};

}  // namespace kt::core::jinja
