// Methods of strings, lists and dicts, as values that can be called.
#pragma once

#include <optional>
#include <string_view>

#include "core/jinja/builtin.h"

namespace kt::core::jinja {

// A builtin with its first argument.
struct BoundMethod final : Object {
  BoundMethod(Value self, const Builtin* builtin) : self(std::move(self)), builtin(builtin) {}
  const char* type_name() const override { return "builtin_function_or_method"; }
  std::string repr() const override { return "<built-in method " + std::string(builtin->name) + ">"; }
  int depth() const override { return self.depth() + 1; }
  bool callable() const override { return true; }
  Result<Value> call(Runtime& runtime, Arguments arguments) override;

  Value self;
  const Builtin* builtin;
};

Value bind(Value self, const Builtin* builtin);

// The method of a value by name; nothing if it has none.
std::optional<Value> bind_method(const Value& value, std::string_view name);
// Methods that would change a list or dict: the sandbox refuses them.
bool is_forbidden_method(const Value& value, std::string_view name);

const Builtin* find_string_method(std::string_view name);
const Builtin* find_dict_method(std::string_view name);
const Builtin* find_sequence_method(std::string_view name);

}  // namespace kt::core::jinja
