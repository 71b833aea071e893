#include <cmath>

#include "core/jinja/format.h"
#include "core/jinja/markup.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

constexpr const char* kSigns[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};

Error unsupported(BinaryOp op, const Value& left, const Value& right) {
  return failure(std::string("unsupported operand type(s) for ") + kSigns[static_cast<int>(op)] + ": '" + left.type_name() +
                 "' and '" + right.type_name() + "'");
}

Error overflow() { return failure("the result does not fit in a 64-bit integer"); }

Result<Value> power(int64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) return failure("0.0 cannot be raised to a negative power");
    return Value(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  int64_t result = 1;
  while (exponent > 0) {
    if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) return overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return overflow();
  }
  return Value(result);
}

Result<Value> integers(BinaryOp op, int64_t left, int64_t right) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::kAdd:
      return __builtin_add_overflow(left, right, &result) ? Result<Value>(overflow()) : Value(result);
    case BinaryOp::kSubtract:
      return __builtin_sub_overflow(left, right, &result) ? Result<Value>(overflow()) : Value(result);
    case BinaryOp::kMultiply:
      return __builtin_mul_overflow(left, right, &result) ? Result<Value>(overflow()) : Value(result);
    case BinaryOp::kPower:
      return power(left, right);
    default:
      break;
  }
  if (right == 0) return failure(op == BinaryOp::kDivide ? "division by zero" : "integer division or modulo by zero");
  if (op == BinaryOp::kDivide)
    return Value(static_cast<double>(static_cast<long double>(left) / static_cast<long double>(right)));
  if (right == -1) return op == BinaryOp::kModulo ? Value(int64_t{0}) : negate(Value(left));
  const int64_t remainder = left % right, quotient = left / right;
  const bool below = remainder != 0 && (remainder < 0) != (right < 0);
  return op == BinaryOp::kModulo ? Value(below ? remainder + right : remainder) : Value(below ? quotient - 1 : quotient);
}

// Python's floor division and the remainder with the sign of the divisor.
void divide_floats(double left, double right, double* quotient, double* remainder) {
  *remainder = std::fmod(left, right);
  double whole = (left - *remainder) / right;
  if (*remainder != 0) {
    if ((right < 0) != (*remainder < 0)) *remainder += right, whole -= 1;
  } else {
    *remainder = std::copysign(0.0, right);
  }
  *quotient = whole == 0 ? std::copysign(0.0, left / right) : std::floor(whole);
  if (whole != 0 && whole - *quotient > 0.5) *quotient += 1;
}

Result<Value> floats(BinaryOp op, double left, double right) {
  switch (op) {
    case BinaryOp::kAdd:
      return Value(left + right);
    case BinaryOp::kSubtract:
      return Value(left - right);
    case BinaryOp::kMultiply:
      return Value(left * right);
    case BinaryOp::kPower: {
      if (left == 0 && right < 0) return failure("0.0 cannot be raised to a negative power");
      const double result = std::pow(left, right);
      if (std::isnan(result) && !std::isnan(left) && !std::isnan(right)) return failure("the result is a complex number");
      if (std::isinf(result) && std::isfinite(left) && std::isfinite(right)) return failure("numerical result out of range");
      return Value(result);
    }
    default:
      break;
  }
  if (right == 0) return failure(op == BinaryOp::kDivide ? "float division by zero" : "float floor division or modulo by zero");
  if (op == BinaryOp::kDivide) return Value(left / right);
  double quotient = 0, remainder = 0;
  divide_floats(left, right, &quotient, &remainder);
  return Value(op == BinaryOp::kModulo ? remainder : quotient);
}

Result<Value> repeat(Runtime& runtime, const Value& value, int64_t times) {
  times = std::max<int64_t>(times, 0);
  if (value.is_string()) {
    const Text& text = value.text();
    Text out = Text().with_markup(text.markup());
    if (!text.empty())
      for (int64_t i = 0; i < times && !out.overflowed(); ++i) out.append(text);
    return runtime.made(std::move(out));
  }
  const Sequence& sequence = value.sequence();
  int64_t count = 0;
  if (__builtin_mul_overflow(static_cast<int64_t>(sequence.items.size()), times, &count)) count = INT64_MAX / 2;
  KT_TRY(runtime.charge(count));
  std::vector<Value> items;
  items.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) items.push_back(sequence.items[static_cast<size_t>(i) % sequence.items.size()]);
  return sequence.is_tuple ? make_tuple(std::move(items)) : make_list(std::move(items));
}

Result<Value> join_texts(Runtime& runtime, const Text& left, const Text& right) {
  if (!left.markup() && !right.markup()) {
    Text out = left;
    out.append(right);
    return runtime.made(std::move(out));
  }
  Text out = escaped(left);
  out.append(escaped(right));
  return runtime.made(std::move(out));
}

Result<Value> join_sequences(Runtime& runtime, const Sequence& left, const Sequence& right) {
  KT_TRY(runtime.charge(static_cast<int64_t>(left.items.size() + right.items.size())));
  std::vector<Value> items = left.items;
  items.insert(items.end(), right.items.begin(), right.items.end());
  return left.is_tuple ? make_tuple(std::move(items)) : make_list(std::move(items));
}

bool can_repeat(const Value& value) { return value.is_string() || value.is_sequence(); }

}  // namespace

Result<Value> apply(Runtime& runtime, BinaryOp op, const Value& left, const Value& right) {
  if (op == BinaryOp::kModulo && left.is_string()) return format_percent(runtime, left.text(), right);
  for (const Value* side : {&left, &right})
    if (side->is_undefined()) return failure(side->undefined().message);
  if (left.is_integer() && right.is_integer()) return integers(op, left.integer(), right.integer());
  if (left.is_number() && right.is_number()) return floats(op, left.number(), right.number());
  if (op == BinaryOp::kMultiply && can_repeat(left) && right.is_integer()) return repeat(runtime, left, right.integer());
  if (op == BinaryOp::kMultiply && left.is_integer() && can_repeat(right)) return repeat(runtime, right, left.integer());
  if (op != BinaryOp::kAdd) return unsupported(op, left, right);
  if (left.is_string() && right.is_string()) return join_texts(runtime, left.text(), right.text());
  if (left.is_sequence() && right.is_sequence() && left.is_tuple() == right.is_tuple())
    return join_sequences(runtime, left.sequence(), right.sequence());
  if (left.is_string()) return failure(std::string("can only concatenate str (not \"") + right.type_name() + "\") to str");
  return unsupported(op, left, right);
}

Result<Value> negate(const Value& value) {
  if (value.is_undefined()) return failure(value.undefined().message);
  if (value.is_float()) return Value(-value.number());
  if (!value.is_integer()) return failure(std::string("bad operand type for unary -: '") + value.type_name() + "'");
  if (value.integer() == INT64_MIN) return overflow();
  return Value(-value.integer());
}

Result<Value> positive(const Value& value) {
  if (value.is_undefined()) return failure(value.undefined().message);
  if (value.is_float()) return value;
  if (value.is_integer()) return Value(value.integer());
  return failure(std::string("bad operand type for unary +: '") + value.type_name() + "'");
}

}  // namespace kt::core::jinja
