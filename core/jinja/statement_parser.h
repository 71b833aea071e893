// The tags of a template.
#pragma once

#include "core/jinja/parser.h"

namespace kt::core::jinja {

class StatementParser : private ExpressionParser {
 public:
  StatementParser(Program* program, std::vector<Token> tokens) : ExpressionParser(program, std::move(tokens)) {}

  Result<Body> parse_all();

 private:
  // Statements up to one of the tags `ends`, whose name becomes current; without any: up to the end of the template.
  Result<Body> parse_body(const std::vector<std::string_view>& ends);
  // As parse_body(), with the end tag (a lone name) taken.
  Result<Body> parse_until(std::string_view end);
  Result<Statement> parse_tag();
  Result<Statement> parse_output();
  Result<Statement> parse_if(size_t offset);
  Result<Statement> parse_for(size_t offset);
  Result<Statement> parse_set(size_t offset);
  Result<Statement> parse_macro(size_t offset);
  Result<Statement> parse_call(size_t offset);
  Result<Statement> parse_filter_block(size_t offset);
  Result<Statement> parse_with(size_t offset);
  Result<Statement> parse_block(size_t offset);
  Result<Statement> parse_scoped(size_t offset);
  Result<Statement> parse_print(size_t offset);
  Result<Statement> parse_loop_control(size_t offset, const std::string& name);
  Result<Statement> parse_unavailable(size_t offset, const std::string& name);
  Status parse_parameters(MacroDefinition* macro);
  void close_macro(MacroDefinition* macro);
  Status end_tag();

  // Bodies that run on their own: break and unknown filters in them do not belong to what is around.
  class Region {
   public:
    Region(StatementParser* parser, bool in_loop) : parser_(*parser), soft_(parser_.soft_), in_loop_(parser_.in_loop_) {
      parser_.soft_ = false;
      parser_.in_loop_ = in_loop;
    }
    ~Region() { parser_.soft_ = soft_, parser_.in_loop_ = in_loop_; }

   private:
    StatementParser& parser_;
    bool soft_, in_loop_;
  };

  bool in_loop_ = false;
  std::vector<std::string> blocks_;
};

}  // namespace kt::core::jinja
