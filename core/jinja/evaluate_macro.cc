#include "core/jinja/frame.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

Result<Value> dict_of(const std::vector<std::pair<std::string, Value>>& keyword) {
  Dict dict;
  for (const auto& [name, value] : keyword) dict.set(Value::string(name), value);
  return make_dict(std::move(dict));
}

}  // namespace

std::string MacroValue::repr() const { return "<Macro " + in_quotes(definition->name) + ">"; }

Result<Value> MacroValue::call(Runtime&, Arguments arguments) { return evaluator->call_macro(*this, std::move(arguments)); }

Result<std::optional<Value>> MacroValue::attribute(Runtime&, std::string_view name) {
  using Found = std::optional<Value>;
  if (name == "name") return Found(Value::string(definition->name));
  if (name == "catch_kwargs") return Found(definition->uses_kwargs);
  if (name == "catch_varargs") return Found(definition->uses_varargs);
  if (name == "caller") return Found(definition->uses_caller);
  if (name != "arguments") return Found();
  std::vector<Value> names;
  for (const auto& parameter : definition->parameters) names.push_back(Value::string(parameter.name));
  return Found(KT_TRY(make_tuple(std::move(names))));
}

void Evaluator::keep(const std::shared_ptr<Scope>& scope) {
  if (captured_.empty() || captured_.back() != scope) captured_.push_back(scope);
}

Result<Evaluator::Flow> Evaluator::run(const Macro& node) {
  auto macro = std::make_shared<MacroValue>();
  macro->definition = node.definition;
  macro->scope = scope_;
  macro->evaluator = this;
  keep(scope_);
  scope_->set(node.symbol, Value(ObjectRef(std::move(macro))));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::run(const CallBlock& node) {
  auto macro = std::make_shared<MacroValue>();
  macro->definition = node.caller;
  macro->scope = scope_;
  macro->evaluator = this;
  keep(scope_);
  const Value caller{ObjectRef(std::move(macro))};
  const Chain& chain = std::get<Chain>(node.call->node);
  KT_TRY(write(to_text(KT_TRY(apply_steps(chain, KT_TRY(evaluate(*chain.base)), &caller)))));
  return Flow::kNext;
}

Status Evaluator::bind_parameters(const MacroDefinition& macro, Arguments* arguments) {
  std::vector<std::optional<Value>> given(macro.parameters.size());
  for (size_t i = 0; i < given.size(); ++i) {
    const MacroDefinition::Parameter& parameter = macro.parameters[i];
    given[i] = i < arguments->positional.size() ? std::optional<Value>(arguments->positional[i])
                                                : take_keyword(arguments, parameter.name);
    scope_->set(parameter.symbol,
                given[i] ? *given[i] : Value(Undefined{"the parameter " + in_quotes(parameter.name) + " was not given"}));
  }
  for (size_t i = 0; i < given.size(); ++i)
    if (!given[i] && macro.parameters[i].fallback)
      scope_->set(macro.parameters[i].symbol, KT_TRY(evaluate(*macro.parameters[i].fallback)));
  return {};
}

// What a macro reads without naming it: caller, kwargs and varargs.
Status Evaluator::bind_extras(const MacroDefinition& macro, Arguments* arguments) {
  const size_t named = macro.parameters.size();
  if (macro.uses_caller) {
    const auto caller = take_keyword(arguments, "caller");
    scope_->set(kCallerSymbol, caller ? *caller : Value(Undefined{"no caller defined"}));
  }
  if (macro.uses_kwargs)
    scope_->set(kKwargsSymbol, KT_TRY(dict_of(arguments->keyword)));
  else if (!arguments->keyword.empty())
    return failure("the macro " + in_quotes(macro.name) + " takes no keyword argument " +
                   in_quotes(arguments->keyword.front().first));
  if (macro.uses_varargs) {
    const auto first = arguments->positional.begin() + static_cast<ptrdiff_t>(std::min(named, arguments->positional.size()));
    scope_->set(kVarargsSymbol, KT_TRY(make_tuple(std::vector<Value>(first, arguments->positional.end()))));
  } else if (arguments->positional.size() > named) {
    return failure("the macro " + in_quotes(macro.name) + " takes not more than " + std::to_string(named) + " argument(s)");
  }
  return {};
}

Result<Value> Evaluator::call_macro(const MacroValue& macro, Arguments arguments) {
  const Level level(&calls_);
  KT_TRY(check_levels());
  const std::shared_ptr<const MacroDefinition> definition = macro.definition;
  Text text;
  const Frame frame(this, std::make_shared<Scope>(macro.scope), &text);
  KT_TRY(bind_parameters(*definition, &arguments));
  KT_TRY(bind_extras(*definition, &arguments));
  KT_TRY(execute(definition->body));
  return runtime_.made(std::move(text));
}

}  // namespace kt::core::jinja
