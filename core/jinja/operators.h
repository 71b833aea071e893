// Arithmetic, subscripts and attributes.
#pragma once

#include <string_view>

#include "core/jinja/runtime.h"

namespace kt::core::jinja {

enum class BinaryOp { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };

// Integers have 64 bits; a result beyond that is an error.
Result<Value> apply(Runtime& runtime, BinaryOp op, const Value& left, const Value& right);
Result<Value> negate(const Value& value);
Result<Value> positive(const Value& value);

// object[index]; Undefined if there is no such item (or attribute, for a string).
Result<Value> get_item(Runtime& runtime, const Value& object, const Value& index);
// object.name: attributes come before items.
Result<Value> get_attribute(Runtime& runtime, const Value& object, std::string_view name);
// The attribute alone: no items are looked at.
Result<std::optional<Value>> find_attribute(Runtime& runtime, const Value& object, std::string_view name);
// object[start:stop:step]; None where a bound is left out.
Result<Value> get_slice(Runtime& runtime, const Value& object, const Value& start, const Value& stop, const Value& step);

}  // namespace kt::core::jinja
