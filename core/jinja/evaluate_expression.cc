#include "core/jinja/compare.h"
#include "core/jinja/evaluator.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {

namespace {
constexpr int kLevelsPerCall = 10;  // nodes inside nodes that one call may take on average
}

Status Evaluator::check_levels() const {
  if (levels_ <= kLevelsPerCall * runtime_.options().depth && calls_ <= runtime_.options().depth) return {};
  return limit_reached("macros or loops call each other more than " + std::to_string(runtime_.options().depth) + " levels deep");
}

Result<Value> Evaluator::evaluate(const Expression& expression) {
  const Level level(&levels_);
  Status status = runtime_.charge(1);
  if (status.ok()) status = check_levels();
  if (!status.ok()) return locate(std::move(status).take_error(), expression.offset);
  Result<Value> value = std::visit([this](const auto& node) { return value_of(node); }, expression.node);
  if (!value.ok()) return locate(std::move(value).take_error(), expression.offset);
  return value;
}

Result<Value> Evaluator::value_of(const Name& node) {
  if (const Value* value = scope_->find(node.symbol)) return *value;
  return Value(Undefined{in_quotes(program_.symbols[node.symbol]) + " is undefined"});
}

Result<std::vector<Value>> Evaluator::values_of(const Expressions& expressions) {
  std::vector<Value> out;
  out.reserve(expressions.size());
  for (const ExpressionRef& expression : expressions) out.push_back(KT_TRY(evaluate(*expression)));
  return out;
}

Result<Value> Evaluator::value_of(const ListDisplay& node) { return make_list(KT_TRY(values_of(node.items))); }
Result<Value> Evaluator::value_of(const TupleDisplay& node) { return make_tuple(KT_TRY(values_of(node.items))); }

Result<Value> Evaluator::value_of(const DictDisplay& node) {
  Dict dict;
  for (const auto& [key_node, value_node] : node.items) {
    Value key = KT_TRY(evaluate(*key_node));
    KT_TRY(check_key(key));
    dict.set(std::move(key), KT_TRY(evaluate(*value_node)));
  }
  return make_dict(std::move(dict));
}

Result<Value> Evaluator::value_of(const Unary& node) {
  const Value operand = KT_TRY(evaluate(*node.operand));
  if (node.op == Unary::kNot) return Value(!operand.truthy());
  return node.op == Unary::kNegate ? negate(operand) : positive(operand);
}

Result<Value> Evaluator::value_of(const Arithmetic& node) {
  Value value = KT_TRY(evaluate(*node.first));
  for (const Arithmetic::Term& term : node.terms) {
    Result<Value> next = apply(runtime_, term.op, value, KT_TRY(evaluate(*term.operand)));
    if (!next.ok()) return locate(std::move(next).take_error(), term.offset);
    value = std::move(next).value();
  }
  return value;
}

Result<Value> Evaluator::value_of(const Concatenation& node) {
  Text text;
  for (const ExpressionRef& operand : node.operands) text.append(to_text(KT_TRY(evaluate(*operand))));
  return runtime_.made(std::move(text));
}

Result<bool> Evaluator::compare(Comparison::Op op, const Value& left, const Value& right) {
  KT_TRY(runtime_.charge(std::min(left.weight(), right.weight()) - 1));
  switch (op) {
    case Comparison::kEqual:
      return equals(left, right);
    case Comparison::kNotEqual:
      return !equals(left, right);
    case Comparison::kIn:
      return contains(runtime_, right, left);
    case Comparison::kNotIn:
      return !KT_TRY(contains(runtime_, right, left));
    case Comparison::kLess:
      return KT_TRY(order(left, right, "<")) < 0;
    case Comparison::kLessEqual:
      return KT_TRY(order(left, right, "<=")) <= 0;
    case Comparison::kGreater:
      return KT_TRY(order(left, right, ">")) > 0;
    case Comparison::kGreaterEqual:
      return KT_TRY(order(left, right, ">=")) >= 0;
  }
  return false;
}

Result<Value> Evaluator::value_of(const Comparison& node) {
  Value left = KT_TRY(evaluate(*node.first));
  for (const Comparison::Term& term : node.terms) {
    Value right = KT_TRY(evaluate(*term.operand));
    Result<bool> holds = compare(term.op, left, right);
    if (!holds.ok()) return locate(std::move(holds).take_error(), term.offset);
    if (!*holds) return Value(false);
    left = std::move(right);
  }
  return Value(true);
}

Result<Value> Evaluator::value_of(const Logical& node) {
  Value value;
  for (const ExpressionRef& operand : node.operands) {
    value = KT_TRY(evaluate(*operand));
    if (value.truthy() == node.is_or) break;
  }
  return value;
}

Result<Value> Evaluator::value_of(const Conditional& node) {
  if (KT_TRY(evaluate(*node.test)).truthy()) return evaluate(*node.then);
  if (node.otherwise) return evaluate(*node.otherwise);
  return Value(Undefined{"the condition is false and there is no 'else'"});
}

Result<Value> Evaluator::value_of(const Chain& node) { return apply_steps(node, KT_TRY(evaluate(*node.base)), nullptr); }

Result<Value> Evaluator::apply_steps(const Chain& chain, Value value, const Value* caller) {
  for (const Chain::Step& step : chain.steps) {
    Result<Value> next = failure("");
    if (caller && &step == &chain.steps.back()) {
      Arguments arguments = KT_TRY(arguments_of(std::get<Chain::Call>(step.action).arguments));
      arguments.keyword.emplace_back("caller", *caller);
      next = call_value(value, std::move(arguments));
    } else {
      next = std::visit([&](const auto& action) { return apply_step(action, value); }, step.action);
    }
    if (!next.ok()) return locate(std::move(next).take_error(), step.offset);
    value = std::move(next).value();
  }
  return value;
}

Result<Value> Evaluator::apply_step(const Chain::Attribute& step, const Value& value) {
  KT_TRY(runtime_.charge(1));
  return get_attribute(runtime_, value, step.name);
}

Result<Value> Evaluator::apply_step(const Chain::Item& step, const Value& value) {
  return get_item(runtime_, value, KT_TRY(evaluate(*step.index)));
}

Result<Value> Evaluator::optional_value(const ExpressionRef& expression) {
  if (!expression) return Value();
  return evaluate(*expression);
}

Result<Value> Evaluator::apply_step(const Chain::Slice& step, const Value& value) {
  const Value start = KT_TRY(optional_value(step.start));
  const Value stop = KT_TRY(optional_value(step.stop));
  return get_slice(runtime_, value, start, stop, KT_TRY(optional_value(step.step)));
}

Result<Value> Evaluator::call_value(const Value& callee, Arguments arguments) {
  KT_TRY(runtime_.charge(1));
  if (callee.is_undefined()) return failure(callee.undefined().message);
  if (!callee.object()) return failure(std::string("'") + callee.type_name() + "' object is not callable");
  const ObjectRef object = callee.object_ref();  // the call may drop the variable it came from
  return object->call(runtime_, std::move(arguments));
}

Result<Value> Evaluator::apply_step(const Chain::Call& step, const Value& value) {
  return call_value(value, KT_TRY(arguments_of(step.arguments)));
}

Result<Value> Evaluator::apply_step(const Chain::Filter& step, const Value& value) {
  if (!step.builtin) return failure("there is no filter '" + step.name + "'");
  KT_TRY(runtime_.charge(1));
  return call(runtime_, *step.builtin, value, KT_TRY(arguments_of(step.arguments)));
}

Result<Value> Evaluator::apply_step(const Chain::Test& step, const Value& value) {
  if (!step.builtin) return failure("there is no test '" + step.name + "'");
  KT_TRY(runtime_.charge(1));
  const Value result = KT_TRY(call(runtime_, *step.builtin, value, KT_TRY(arguments_of(step.arguments))));
  return Value(result.truthy() != step.negated);
}

Result<Arguments> Evaluator::arguments_of(const CallArguments& node) {
  Arguments out;
  out.positional = KT_TRY(values_of(node.positional));
  for (const auto& [name, expression] : node.keyword) out.keyword.emplace_back(name, KT_TRY(evaluate(*expression)));
  if (node.star)
    for (Value& value : KT_TRY(to_vector(runtime_, KT_TRY(evaluate(*node.star))))) out.positional.push_back(std::move(value));
  if (!node.star_star) return out;
  const Value more = KT_TRY(evaluate(*node.star_star));
  if (!more.is_dict()) return failure("the argument after ** must be a mapping, not " + std::string(more.type_name()));
  KT_TRY(runtime_.charge(static_cast<int64_t>(more.dict().size())));
  for (const auto& [name, value] : more.dict().items()) {
    if (!name.is_string()) return failure("keywords must be strings");
    for (const auto& [other, unused] : out.keyword)
      if (other == name.text().bytes()) return failure("got multiple values for the argument " + in_quotes(other));
    out.keyword.emplace_back(name.text().bytes(), value);
  }
  return out;
}

}  // namespace kt::core::jinja
