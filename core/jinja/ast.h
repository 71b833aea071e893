// The tree of a parsed template.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/jinja/builtin.h"
#include "core/jinja/lexer.h"
#include "core/jinja/operators.h"

namespace kt::core::jinja {

using Symbol = uint32_t;  // index into Program::symbols

// Names that every program has.
inline constexpr Symbol kLoopSymbol = 0, kCallerSymbol = 1, kVarargsSymbol = 2, kKwargsSymbol = 3;

struct Expression;
using ExpressionRef = std::unique_ptr<Expression>;
using Expressions = std::vector<ExpressionRef>;

struct CallArguments {
  Expressions positional;
  std::vector<std::pair<std::string, ExpressionRef>> keyword;
  ExpressionRef star, star_star;  // may be null
};

struct Literal {
  Value value;
};
struct Name {
  Symbol symbol;
};
struct ListDisplay {
  Expressions items;
};
struct TupleDisplay {
  Expressions items;
};
struct DictDisplay {
  std::vector<std::pair<ExpressionRef, ExpressionRef>> items;
};
struct Unary {
  enum Op { kNegate, kPositive, kNot } op;
  ExpressionRef operand;
};

struct Arithmetic {  // from left to right
  struct Term {
    BinaryOp op;
    size_t offset;
    ExpressionRef operand;
  };
  ExpressionRef first;
  std::vector<Term> terms;
};
struct Concatenation {
  Expressions operands;
};
struct Comparison {  // a < b < c
  enum Op { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };
  struct Term {
    Op op;
    size_t offset;
    ExpressionRef operand;
  };
  ExpressionRef first;
  std::vector<Term> terms;
};
struct Logical {
  bool is_or;
  Expressions operands;
};
struct Conditional {
  ExpressionRef test, then, otherwise;
};  // otherwise may be null

// A value and what is done to it from left to right: `a.b[c](d)|e is f`.
struct Chain {
  struct Attribute {
    std::string name;
  };
  struct Item {
    ExpressionRef index;
  };
  struct Slice {
    ExpressionRef start, stop, step;
  };  // null: left out
  struct Call {
    CallArguments arguments;
  };
  struct Filter {
    const Builtin* builtin;
    std::string name;
    CallArguments arguments;
  };  // null builtin: unknown, an error if reached
  struct Test {
    const Builtin* builtin;
    std::string name;
    CallArguments arguments;
    bool negated;
  };
  struct Step {
    size_t offset;
    std::variant<Attribute, Item, Slice, Call, Filter, Test> action;
  };
  ExpressionRef base;  // null: the text of a filter block
  std::vector<Step> steps;
};

struct Expression {
  size_t offset;
  std::variant<Literal, Name, ListDisplay, TupleDisplay, DictDisplay, Unary, Arithmetic, Concatenation, Comparison, Logical,
               Conditional, Chain>
      node;
};

struct Statement;
using Body = std::vector<Statement>;

struct Target;
struct NameTarget {
  Symbol symbol;
};
struct NamespaceTarget {
  Symbol space;
  std::string attribute;
};
struct TupleTarget {
  std::vector<Target> items;
};
struct Target {
  size_t offset = 0;
  std::variant<NameTarget, NamespaceTarget, TupleTarget> node;
};

struct MacroDefinition {
  struct Parameter {
    Symbol symbol;
    std::string name;
    ExpressionRef fallback;
  };  // fallback may be null
  std::string name;
  std::vector<Parameter> parameters;
  Body body;
  bool uses_caller = false, uses_varargs = false, uses_kwargs = false;
};

struct Data {
  std::string text;
};
struct Output {
  ExpressionRef value;
};
struct If {
  std::vector<std::pair<ExpressionRef, Body>> branches;
  Body otherwise;
};
struct For {
  Target target;
  ExpressionRef iterable, filter;  // filter may be null
  Body body, otherwise;
  bool recursive = false;
};
struct Set {
  Target target;
  ExpressionRef value;
};
struct SetBlock {
  Target target;
  ExpressionRef filters;
  Body body;
};  // filters: a Chain without base, or null
struct Macro {
  Symbol symbol;
  std::shared_ptr<const MacroDefinition> definition;
};
struct CallBlock {
  ExpressionRef call;
  std::shared_ptr<const MacroDefinition> caller;
};
struct FilterBlock {
  ExpressionRef filters;
  Body body;
};
struct With {
  std::vector<std::pair<Target, ExpressionRef>> values;
  Body body;
};
struct Scoped {
  Body body;
};  // {% generation %}
struct Block {
  std::string name;
  Body body;
};
struct Break {};
struct Continue {};
struct Unavailable {
  std::string tag;
};  // asks for other templates

struct Statement {
  size_t offset;
  std::variant<Data, Output, If, For, Set, SetBlock, Macro, CallBlock, FilterBlock, With, Scoped, Block, Break, Continue,
               Unavailable>
      node;
};

struct Program {
  Source source;
  std::vector<std::string> symbols;
  Body body;
};

}  // namespace kt::core::jinja
