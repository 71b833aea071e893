// Equality, order and membership of values, as Python has them.
#pragma once

#include <compare>
#include <cstdint>

#include "core/jinja/value.h"

namespace kt::core::jinja {

bool equals(const Value& left, const Value& right);
// Equal values have equal hashes.
uint64_t hash(const Value& value);
// Fails for types that Python cannot order; `sign` is the operator in that message.
Result<std::partial_ordering> order(const Value& left, const Value& right, const char* sign = "<");
// `item in container`.
Result<bool> contains(Runtime& runtime, const Value& container, const Value& item);

}  // namespace kt::core::jinja
