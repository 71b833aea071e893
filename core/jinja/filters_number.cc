#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/jinja/filters.h"
#include "core/jinja/numbers.h"
#include "core/jinja/operators.h"

namespace kt::core::jinja {
namespace {

Result<Value> abs_filter(Runtime&, const Value& self, const Bound&) {
  if (self.is_undefined()) return failure(self.undefined().message);
  if (self.is_float()) return Value(std::abs(self.number()));
  if (!self.is_integer()) return failure(std::string("bad operand type for abs(): '") + self.type_name() + "'");
  return self.integer() < 0 ? negate(self) : Value(self.integer());
}

Result<Value> int_filter(Runtime&, const Value& self, const Bound& arguments) {
  const Value fallback = arguments.has(0) ? arguments[0] : Value(int64_t{0});
  const int64_t base = arguments.has(1) ? KT_TRY(to_integer(arguments[1], "the base")) : 10;
  if (self.is_undefined()) return failure(self.undefined().message);
  if (self.is_integer()) return Value(self.integer());
  double number = 0;
  if (self.is_string()) {
    const IntegerText whole = parse_integer(self.text().bytes(), base);
    if (whole.overflow) return failure("the number does not fit in a 64-bit integer");
    if (whole.value) return Value(*whole.value);
    const auto real = parse_float(self.text().bytes());
    if (!real || !std::isfinite(*real)) return fallback;
    number = *real;
  } else if (self.is_float()) {
    number = self.number();
    if (std::isnan(number)) return fallback;
    if (std::isinf(number)) return failure("cannot convert float infinity to integer");
  } else {
    return fallback;
  }
  if (std::abs(number) >= 9.2233720368547748e18) return failure("the number does not fit in a 64-bit integer");
  return Value(static_cast<int64_t>(number));
}

Result<Value> float_filter(Runtime&, const Value& self, const Bound& arguments) {
  if (self.is_undefined()) return failure(self.undefined().message);
  if (self.is_number()) return Value(self.number());
  if (self.is_string())
    if (const auto number = parse_float(self.text().bytes())) return Value(*number);
  return arguments.has(0) ? arguments[0] : Value(0.0);
}

// Python's round(): to the nearest, ties to even, on the exact value.
double round_to(double value, int64_t digits) {
  if (!std::isfinite(value) || digits > 300) return value;
  if (digits < 0) {
    const double scale = std::pow(10.0, static_cast<double>(-digits));
    return std::isinf(scale) ? 0.0 : std::nearbyint(value / scale) * scale;
  }
  char buffer[700];
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(digits), value);
  return std::strtod(buffer, nullptr);
}

Result<Value> round_integer(int64_t value, int64_t digits) {
  if (digits >= 0) return Value(value);
  if (digits < -18) return Value(int64_t{0});
  int64_t scale = 1;
  for (int64_t i = 0; i < -digits; ++i) scale *= 10;
  int64_t rest = value % scale;
  if (rest < 0) rest += scale;
  const int64_t below = value - rest;
  const bool up = rest > scale - rest || (rest == scale - rest && (below / scale) % 2 != 0);
  int64_t result = below;
  if (up && __builtin_add_overflow(below, scale, &result)) return failure("the result does not fit in a 64-bit integer");
  return Value(result);
}

Result<Value> round_filter(Runtime&, const Value& self, const Bound& arguments) {
  const int64_t digits = arguments.has(0) ? KT_TRY(to_integer(arguments[0], "the precision")) : 0;
  const std::string method = arguments.has(1) ? KT_TRY(to_string(arguments[1], "the method")).bytes() : "common";
  if (self.is_undefined()) return failure(self.undefined().message);
  if (method != "common" && method != "ceil" && method != "floor")
    return failure("round(): the method is 'common', 'ceil' or 'floor'");
  if (!self.is_number()) return failure(std::string("round(): a number is needed, not ") + self.type_name());
  if (method == "common")
    return self.is_integer() ? round_integer(self.integer(), digits) : Value(round_to(self.number(), digits));
  const double scale = std::pow(10.0, static_cast<double>(digits));
  const double moved = self.number() * scale;
  return Value((method == "ceil" ? std::ceil(moved) : std::floor(moved)) / scale);
}

constexpr Builtin kFilters[] = {
    {"abs", "", abs_filter},
    {"float", "default?", float_filter},
    {"int", "default? base?", int_filter},
    {"round", "precision? method?", round_filter},
};

}  // namespace

std::span<const Builtin> number_filters() { return kFilters; }

}  // namespace kt::core::jinja
