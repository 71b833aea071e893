#include "core/jinja/builtin.h"

#include <algorithm>

#include "core/jinja/methods.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

// One name of a parameter list; the rest of the list stays in `*list`.
std::string_view next_parameter(std::string_view* list) {
  const size_t blank = list->find(' ');
  const std::string_view name = list->substr(0, blank);
  *list = blank == std::string_view::npos ? std::string_view() : list->substr(blank + 1);
  return name;
}

Error in_call(const Builtin& builtin, std::string what) { return failure(std::string(builtin.name) + "(): " + std::move(what)); }

Result<Bound> bind_arguments(const Builtin& builtin, Arguments arguments) {
  Bound bound;
  const bool positional_only = builtin.parameters.ends_with("/");
  bool takes_rest = false;
  size_t used = 0;
  for (std::string_view list = builtin.parameters; !list.empty();) {
    std::string_view name = next_parameter(&list);
    if (name == "/") break;
    if (name == "*") {
      takes_rest = true;
      break;
    }
    const bool optional = name.ends_with('?');
    if (optional) name.remove_suffix(1);
    std::optional<Value> value;
    if (used < arguments.positional.size())
      value = std::move(arguments.positional[used++]);
    else if (!positional_only)
      value = take_keyword(&arguments, name);
    if (!value && !optional) return in_call(builtin, "the argument " + in_quotes(name) + " is missing");
    bound.values.push_back(std::move(value));
  }
  arguments.positional.erase(arguments.positional.begin(), arguments.positional.begin() + static_cast<ptrdiff_t>(used));
  if (takes_rest)
    bound.rest = std::move(arguments);
  else if (!arguments.positional.empty())
    return in_call(builtin, "too many arguments");
  else if (!arguments.keyword.empty())
    return in_call(builtin, "unexpected argument " + in_quotes(arguments.keyword.front().first));
  return bound;
}

}  // namespace

const Builtin* find(std::span<const Builtin> table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Builtin& builtin) { return builtin.name == name; });
  return found == table.end() ? nullptr : &*found;
}

Result<Value> call(Runtime& runtime, const Builtin& builtin, const Value& self, Arguments arguments) {
  const Bound bound = KT_TRY(bind_arguments(builtin, std::move(arguments)));
  return builtin.function(runtime, self, bound);
}

Result<int64_t> to_integer(const Value& value, std::string_view what) {
  if (value.is_undefined()) return failure(value.undefined().message);
  if (value.is_integer()) return value.integer();
  return failure(std::string(what) + " must be an integer, not " + value.type_name());
}

Result<Text> to_string(const Value& value, std::string_view what) {
  if (value.is_undefined()) return failure(value.undefined().message);
  if (value.is_string()) return value.text();
  return failure(std::string(what) + " must be a string, not " + value.type_name());
}

Result<Value> BoundMethod::call(Runtime& runtime, Arguments arguments) {
  return jinja::call(runtime, *builtin, self, std::move(arguments));
}

Value bind(Value self, const Builtin* builtin) {
  return Value(ObjectRef(std::make_shared<BoundMethod>(std::move(self), builtin)));
}

std::optional<Value> bind_method(const Value& value, std::string_view name) {
  const Builtin* method = nullptr;
  if (value.is_string())
    method = find_string_method(name);
  else if (value.is_dict())
    method = find_dict_method(name);
  else if (value.is_sequence())
    method = find_sequence_method(name);
  if (!method || (value.is_tuple() && name == "copy")) return std::nullopt;
  return bind(value, method);
}

bool is_forbidden_method(const Value& value, std::string_view name) {
  static constexpr std::string_view kOfList[] = {"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"};
  static constexpr std::string_view kOfDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (value.is_list()) return std::find(std::begin(kOfList), std::end(kOfList), name) != std::end(kOfList);
  return value.is_dict() && std::find(std::begin(kOfDict), std::end(kOfDict), name) != std::end(kOfDict);
}

}  // namespace kt::core::jinja
