// A filter, test, method or global function written in C++.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/jinja/runtime.h"

namespace kt::core::jinja {

// The arguments of a call in the order of its parameters.
class Bound {
 public:
  bool has(size_t i) const { return values[i].has_value(); }
  bool given(size_t i) const { return has(i) && !values[i]->is_none(); }  // and not None
  const Value& operator[](size_t i) const { return *values[i]; }

  std::vector<std::optional<Value>> values;
  Arguments rest;  // of a "*" parameter: what is left
};

struct Builtin {
  std::string_view name;
  // Names with a blank between them; "name?" can be left out, "*" takes the rest, "/" at the end: no keywords.
  std::string_view parameters;
  // `self` is the filtered, tested or owning value.
  Result<Value> (*function)(Runtime& runtime, const Value& self, const Bound& arguments);
};

const Builtin* find(std::span<const Builtin> table, std::string_view name);

Result<Value> call(Runtime& runtime, const Builtin& builtin, const Value& self, Arguments arguments);

// The filters and tests by name; null if there is none.
const Builtin* find_filter(std::string_view name);
const Builtin* find_test(std::string_view name);
std::vector<std::string> filter_names();
std::vector<std::string> test_names();

// Arguments of builtins, or the sentence that says what is wrong.
Result<int64_t> to_integer(const Value& value, std::string_view what);
Result<Text> to_string(const Value& value, std::string_view what);

}  // namespace kt::core::jinja
