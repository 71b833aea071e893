#include "core/jinja/compare.h"

#include <cmath>
#include <functional>

#include "core/jinja/runtime.h"

namespace kt::core::jinja {
namespace {

// long double holds every 64-bit integer and every double.
long double exact(const Value& value) {
  return value.is_float() ? static_cast<long double>(value.number()) : static_cast<long double>(value.integer());
}

bool equal_dicts(const Dict& left, const Dict& right) {
  if (left.size() != right.size()) return false;
  for (const auto& [key, value] : left.items()) {
    const Value* other = right.find(key);
    if (!other || !equals(value, *other)) return false;
  }
  return true;
}

bool equal_sequences(const Sequence& left, const Sequence& right) {
  if (left.is_tuple != right.is_tuple || left.items.size() != right.items.size()) return false;
  for (size_t i = 0; i < left.items.size(); ++i)
    if (!equals(left.items[i], right.items[i])) return false;
  return true;
}

uint64_t mix(uint64_t seed, uint64_t value) { return (seed ^ value) * 0x9E3779B97F4A7C15ull + (seed >> 31); }

Result<std::partial_ordering> order_sequences(const Sequence& left, const Sequence& right, const char* sign) {
  for (size_t i = 0; i < left.items.size() && i < right.items.size(); ++i)
    if (!equals(left.items[i], right.items[i])) return order(left.items[i], right.items[i], sign);
  return std::partial_ordering(left.items.size() <=> right.items.size());
}

Result<bool> contains_text(Runtime& runtime, const Text& text, const Value& item) {
  if (!item.is_string()) return failure(std::string("'in <string>' requires string as left operand, not ") + item.type_name());
  KT_TRY(runtime.charge(static_cast<int64_t>(text.size() / 1024)));
  return text.bytes().find(item.text().bytes()) != std::string::npos;
}

}  // namespace

bool equals(const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) return exact(left) == exact(right);
  if (left.is_string() && right.is_string()) return left.text().bytes() == right.text().bytes();
  if (left.is_sequence() && right.is_sequence())
    return left.sequence_ref() == right.sequence_ref() || equal_sequences(left.sequence(), right.sequence());
  if (left.is_dict() && right.is_dict()) return left.dict_ref() == right.dict_ref() || equal_dicts(left.dict(), right.dict());
  if (left.is_undefined() || left.is_none())
    return left.is_undefined() == right.is_undefined() && left.is_none() == right.is_none();
  const auto* a = left.as<Range>();
  const auto* b = right.as<Range>();
  if (a && b) return a->count == b->count && (a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step)));
  return left.is(right);
}

uint64_t hash(const Value& value) {
  if (value.is_string()) return std::hash<std::string>()(value.text().bytes());
  if (value.is_integer()) return std::hash<int64_t>()(value.integer());
  if (value.is_float()) {
    const double number = value.number();
    const bool whole = std::abs(number) < 9.2e18 && number == std::trunc(number);
    return whole ? std::hash<int64_t>()(static_cast<int64_t>(number)) : std::hash<double>()(number);
  }
  if (value.is_tuple()) {
    uint64_t seed = value.sequence().items.size();
    for (const Value& item : value.sequence().items) seed = mix(seed, hash(item));
    return seed;
  }
  return std::hash<const void*>()(value.object());
}

Result<std::partial_ordering> order(const Value& left, const Value& right, const char* sign) {
  for (const Value* side : {&left, &right})
    if (side->is_undefined()) return failure(side->undefined().message);
  if (left.is_number() && right.is_number()) return exact(left) <=> exact(right);
  if (left.is_string() && right.is_string()) return std::partial_ordering(left.text().bytes() <=> right.text().bytes());
  if (left.is_sequence() && right.is_sequence() && left.is_tuple() == right.is_tuple())
    return order_sequences(left.sequence(), right.sequence(), sign);
  return failure(std::string("'") + sign + "' is not supported between '" + left.type_name() + "' and '" + right.type_name() +
                 "'");
}

Result<bool> contains(Runtime& runtime, const Value& container, const Value& item) {
  if (container.is_string()) return contains_text(runtime, container.text(), item);
  if (container.is_dict()) {
    KT_TRY(check_key(item));
    return container.dict().find(item) != nullptr;
  }
  std::unique_ptr<Iterator> iterator = KT_TRY(iterate(container));
  Value element;
  while (KT_TRY(iterator->next(runtime, &element))) {
    KT_TRY(runtime.charge(element.is_sequence() || element.is_dict() ? element.weight() : 1));
    if (equals(element, item)) return true;
  }
  return false;
}

}  // namespace kt::core::jinja
