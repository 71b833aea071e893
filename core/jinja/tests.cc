#include <algorithm>

#include "core/jinja/compare.h"
#include "core/jinja/methods.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"
#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

using Function = Result<Value> (*)(Runtime&, const Value&, const Bound&);

template <bool (*holds)(const Value&)>
Result<Value> simple(Runtime&, const Value& self, const Bound&) {
  return Value(holds(self));
}

bool is_undefined(const Value& v) { return v.is_undefined(); }
bool is_defined(const Value& v) { return !v.is_undefined(); }
bool is_none(const Value& v) { return v.is_none(); }
bool is_boolean(const Value& v) { return v.is_bool(); }
bool is_true(const Value& v) { return v.is_bool() && v.boolean(); }
bool is_false(const Value& v) { return v.is_bool() && !v.boolean(); }
bool is_integer(const Value& v) { return v.is_integer() && !v.is_bool(); }
bool is_float(const Value& v) { return v.is_float(); }
bool is_number(const Value& v) { return v.is_number(); }
bool is_string(const Value& v) { return v.is_string(); }
bool is_mapping(const Value& v) { return v.is_dict(); }
bool is_sequence(const Value& v) { return v.is_string() || v.is_sequence() || v.is_dict() || v.is_undefined() || v.as<Range>(); }
bool is_iterable(const Value& v) { return iterate(v).ok(); }
bool is_callable(const Value& v) { return v.is_undefined() || (v.object() && v.object()->callable()); }
bool is_escaped(const Value& v) { return v.is_string() && v.text().markup(); }
bool is_lower_case(const Value& v) { return is_lower_text(to_text(v)); }
bool is_upper_case(const Value& v) { return is_upper_text(to_text(v)); }
bool is_filter(const Value& v) { return v.is_string() && find_filter(v.text().bytes()); }
bool is_test(const Value& v) { return v.is_string() && find_test(v.text().bytes()); }

template <int remainder>
Result<Value> parity(Runtime& runtime, const Value& self, const Bound&) {
  return Value(equals(KT_TRY(apply(runtime, BinaryOp::kModulo, self, Value(2))), Value(remainder)));
}

Result<Value> divisible_by(Runtime& runtime, const Value& self, const Bound& arguments) {
  return Value(equals(KT_TRY(apply(runtime, BinaryOp::kModulo, self, arguments[0])), Value(0)));
}

Result<Value> same_as(Runtime&, const Value& self, const Bound& arguments) { return Value(self.is(arguments[0])); }

Result<Value> in(Runtime& runtime, const Value& self, const Bound& arguments) {
  return Value(KT_TRY(contains(runtime, arguments[0], self)));
}

template <bool expected>
Result<Value> equal(Runtime& runtime, const Value& self, const Bound& arguments) {
  KT_TRY(runtime.charge(std::min(self.weight(), arguments[0].weight()) - 1));
  return Value(equals(self, arguments[0]) == expected);
}

enum class Order { kLess, kLessEqual, kGreater, kGreaterEqual };

template <Order wanted>
Result<Value> ordered(Runtime&, const Value& self, const Bound& arguments) {
  static constexpr const char* kSigns[] = {"<", "<=", ">", ">="};
  const std::partial_ordering found = KT_TRY(order(self, arguments[0], kSigns[static_cast<int>(wanted)]));
  switch (wanted) {
    case Order::kLess:
      return Value(found < 0);
    case Order::kLessEqual:
      return Value(found <= 0);
    case Order::kGreater:
      return Value(found > 0);
    case Order::kGreaterEqual:
      return Value(found >= 0);
  }
  return Value(false);
}

constexpr Builtin kTests[] = {
    {"odd", "", parity<1>},
    {"even", "", parity<0>},
    {"divisibleby", "num", divisible_by},
    {"defined", "", simple<is_defined>},
    {"undefined", "", simple<is_undefined>},
    {"filter", "", simple<is_filter>},
    {"test", "", simple<is_test>},
    {"none", "", simple<is_none>},
    {"boolean", "", simple<is_boolean>},
    {"false", "", simple<is_false>},
    {"true", "", simple<is_true>},
    {"integer", "", simple<is_integer>},
    {"float", "", simple<is_float>},
    {"lower", "", simple<is_lower_case>},
    {"upper", "", simple<is_upper_case>},
    {"string", "", simple<is_string>},
    {"mapping", "", simple<is_mapping>},
    {"number", "", simple<is_number>},
    {"sequence", "", simple<is_sequence>},
    {"iterable", "", simple<is_iterable>},
    {"callable", "", simple<is_callable>},
    {"sameas", "other", same_as},
    {"escaped", "", simple<is_escaped>},
    {"in", "seq", in},
    {"==", "other /", equal<true>},
    {"eq", "other /", equal<true>},
    {"equalto", "other /", equal<true>},
    {"!=", "other /", equal<false>},
    {"ne", "other /", equal<false>},
    {">", "other /", ordered<Order::kGreater>},
    {"gt", "other /", ordered<Order::kGreater>},
    {"greaterthan", "other /", ordered<Order::kGreater>},
    {"ge", "other /", ordered<Order::kGreaterEqual>},
    {">=", "other /", ordered<Order::kGreaterEqual>},
    {"<", "other /", ordered<Order::kLess>},
    {"lt", "other /", ordered<Order::kLess>},
    {"lessthan", "other /", ordered<Order::kLess>},
    {"<=", "other /", ordered<Order::kLessEqual>},
    {"le", "other /", ordered<Order::kLessEqual>},
};

}  // namespace

const Builtin* find_test(std::string_view name) { return find(kTests, name); }

std::vector<std::string> test_names() {
  std::vector<std::string> out;
  for (const Builtin& test : kTests) out.emplace_back(test.name);
  return out;
}

}  // namespace kt::core::jinja
