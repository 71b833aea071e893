// From the source of a template to tokens, with white space already treated as the tags ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace kt::core::jinja {

struct Token {
  enum Type { kData, kVariableBegin, kVariableEnd, kBlockBegin, kBlockEnd, kName, kString, kInteger, kFloat, kOperator, kEnd };
  Type type;
  std::string text;  // data, the decoded string, the name, the digits, or the operator
  size_t offset;     // in the source

  bool is_operator(std::string_view sign) const { return type == kOperator && text == sign; }
  bool is_name(std::string_view name) const { return type == kName && text == name; }
};

// A template's text, able to say where an offset is.
struct Source {
  std::string name, text;

  Place place(size_t offset) const;
  // The line with a caret below the offset.
  std::string excerpt(size_t offset) const;
  // `error` with place and excerpt, unless it has a place already.
  Error locate(Error error, size_t offset) const;
};

// Lines end with \n only, and the last one is dropped, as jinja2 does.
std::string normal_lines(std::string_view text);

// KT-E0412.
Result<std::vector<Token>> tokenize(const Source& source);

}  // namespace kt::core::jinja
