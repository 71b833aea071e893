// Walks the tree of a template and writes its text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/jinja/ast.h"
#include "core/jinja/scope.h"

namespace kt::core::jinja {

// A macro as a value.
struct MacroValue final : Object {
  const char* type_name() const override { return "Macro"; }
  std::string repr() const override;
  bool callable() const override { return true; }
  Result<Value> call(Runtime& runtime, Arguments arguments) override;
  Result<std::optional<Value>> attribute(Runtime& runtime, std::string_view name) override;

  std::shared_ptr<const MacroDefinition> definition;
  std::shared_ptr<Scope> scope;  // where it was defined
  class Evaluator* evaluator = nullptr;
};

class LoopValue;

class Evaluator {
 public:
  Evaluator(const Program& program, Runtime* runtime, std::shared_ptr<Scope> variables);
  ~Evaluator();

  Result<Text> render();

  Result<Value> call_macro(const MacroValue& macro, Arguments arguments);
  // loop(iterable): the text of the same loop over other elements.
  Result<Value> recurse(const LoopValue& loop, const Value& iterable);
  // Does the element pass the loop's `if`?
  Result<bool> passes(const For& loop, const std::shared_ptr<Scope>& outer, const Value& element);

 private:
  enum class Flow { kNext, kBreak, kContinue };
  class Frame;  // a scope, or a scope and an output, until the end of a block

  Result<Flow> execute(const Body& body);
  Result<Flow> execute(const Statement& statement);
  Result<Flow> run(const Data& node);
  Result<Flow> run(const Output& node);
  Result<Flow> run(const If& node);
  Result<Flow> run(const For& node);
  Result<Flow> run(const Set& node);
  Result<Flow> run(const SetBlock& node);
  Result<Flow> run(const Macro& node);
  Result<Flow> run(const CallBlock& node);
  Result<Flow> run(const FilterBlock& node);
  Result<Flow> run(const With& node);
  Result<Flow> run(const Scoped& node);
  Result<Flow> run(const Block& node);
  Result<Flow> run(const Break&) { return Flow::kBreak; }
  Result<Flow> run(const Continue&) { return Flow::kContinue; }
  Result<Flow> run(const Unavailable& node);
  Status run_loop(const For& node, const Value& iterable, int depth);
  Status write(const Text& text);
  Status assign(const Target& target, const Value& value);
  Status assign_node(const NameTarget& target, const Value& value);
  Status assign_node(const NamespaceTarget& target, const Value& value);
  Status assign_node(const TupleTarget& target, const Value& value);
  // The text of a body that runs in a scope of its own.
  Result<Value> capture(const Body& body, std::shared_ptr<Scope> scope);
  void keep(const std::shared_ptr<Scope>& scope);
  Status bind_parameters(const MacroDefinition& macro, Arguments* arguments);
  Status bind_extras(const MacroDefinition& macro, Arguments* arguments);

  Result<Value> evaluate(const Expression& expression);
  Result<Value> value_of(const Literal& node) { return node.value; }
  Result<Value> value_of(const Name& node);
  Result<Value> value_of(const ListDisplay& node);
  Result<Value> value_of(const TupleDisplay& node);
  Result<Value> value_of(const DictDisplay& node);
  Result<Value> value_of(const Unary& node);
  Result<Value> value_of(const Arithmetic& node);
  Result<Value> value_of(const Concatenation& node);
  Result<Value> value_of(const Comparison& node);
  Result<Value> value_of(const Logical& node);
  Result<Value> value_of(const Conditional& node);
  Result<Value> value_of(const Chain& node);
  Result<std::vector<Value>> values_of(const Expressions& expressions);
  Result<Value> apply_steps(const Chain& chain, Value value, const Value* caller);
  Result<Value> apply_step(const Chain::Attribute& step, const Value& value);
  Result<Value> apply_step(const Chain::Item& step, const Value& value);
  Result<Value> apply_step(const Chain::Slice& step, const Value& value);
  Result<Value> apply_step(const Chain::Call& step, const Value& value);
  Result<Value> apply_step(const Chain::Filter& step, const Value& value);
  Result<Value> apply_step(const Chain::Test& step, const Value& value);
  Result<Value> call_value(const Value& callee, Arguments arguments);
  Result<Arguments> arguments_of(const CallArguments& node);
  Result<Value> optional_value(const ExpressionRef& expression);
  Result<bool> compare(Comparison::Op op, const Value& left, const Value& right);
  Error locate(Error error, size_t offset) const { return program_.source.locate(std::move(error), offset); }

  // Bounds the use of the stack.
  class Level {
   public:
    explicit Level(int* level) : level_(*level) { ++level_; }
    ~Level() { --level_; }

   private:
    int& level_;
  };
  Status check_levels() const;

  const Program& program_;
  Runtime& runtime_;
  std::shared_ptr<Scope> root_, scope_;
  Text* out_ = nullptr;
  int levels_ = 0;                                // nodes inside nodes
  int calls_ = 0;                                 // macros and recursive loops inside each other
  std::vector<std::shared_ptr<Scope>> captured_;  // by macros; emptied at the end, as both hold each other
};

}  // namespace kt::core::jinja
