#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "core/jinja/format.h"
#include "core/jinja/repr.h"
#include "core/jinja/string_tools.h"

namespace kt::core::jinja {
namespace {

constexpr int64_t kMaxPrecision = 1000;

unsigned base_of(char type) {
  switch (type) {
    case 'b':
      return 2;
    case 'o':
      return 8;
    case 'x':
    case 'X':
      return 16;
    default:
      return 10;
  }
}

std::string digits_of(uint64_t value, unsigned base, bool upper) {
  const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  do out += digits[value % base];
  while ((value /= base) > 0);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string grouped(std::string digits, char mark, size_t every) {
  const size_t whole = std::min(digits.find_first_of(".e"), digits.size());
  for (size_t at = whole; at > every;) digits.insert(at -= every, 1, mark);
  return digits;
}

std::string signed_text(bool negative, char sign, const std::string& digits) {
  return (negative ? "-" : sign == '+' ? "+" : sign == ' ' ? " " : "") + digits;
}

// Zeros between sign and digits up to the width.
std::string zero_filled(std::string text, const FormatSpec& spec) {
  if (!spec.zero || spec.align != '\0' || spec.width <= static_cast<int64_t>(text.size())) return text;
  const size_t sign = text.starts_with('-') || text.starts_with('+') || text.starts_with(' ');
  return text.insert(sign, static_cast<size_t>(spec.width) - text.size(), '0');
}

std::string print(const char* format, int precision, double value) {
  std::string out(static_cast<size_t>(std::snprintf(nullptr, 0, format, precision, value)), '\0');
  std::snprintf(out.data(), out.size() + 1, format, precision, value);
  return out;
}

}  // namespace

Result<std::string> format_integer(int64_t value, const FormatSpec& spec) {
  if (spec.width > kMaxPrecision * 1000) return limit_reached("a number would be wider than 10^6 characters");
  const uint64_t magnitude = value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  const char type = spec.type == '\0' ? 'd' : spec.type;
  const unsigned base = base_of(type);
  std::string digits = digits_of(magnitude, base, type == 'X');
  if (spec.precision > kMaxPrecision) return limit_reached("a number would have more than 1000 digits");
  if (spec.precision > static_cast<int64_t>(digits.size()))
    digits.insert(0, static_cast<size_t>(spec.precision) - digits.size(), '0');
  if (spec.grouping) digits = grouped(digits, spec.grouping, base == 10 ? 3 : 4);
  if (spec.alternate && base != 10) digits.insert(0, std::string("0") + type);
  return zero_filled(signed_text(value < 0, spec.sign, digits), spec);
}

Result<std::string> format_float(double value, const FormatSpec& spec) {
  if (spec.precision > kMaxPrecision) return limit_reached("a number would have more than 1000 digits");
  if (spec.width > kMaxPrecision * 1000) return limit_reached("a number would be wider than 10^6 characters");
  const int precision = spec.precision < 0 ? 6 : static_cast<int>(spec.precision);
  const double magnitude = std::abs(value);
  std::string digits;
  switch (spec.type) {
    case 'e':
      digits = print(spec.alternate ? "%#.*e" : "%.*e", precision, magnitude);
      break;
    case 'E':
      digits = print(spec.alternate ? "%#.*E" : "%.*E", precision, magnitude);
      break;
    case 'f':
      digits = print(spec.alternate ? "%#.*f" : "%.*f", precision, magnitude);
      break;
    case 'F':
      digits = print(spec.alternate ? "%#.*F" : "%.*F", precision, magnitude);
      break;
    case 'G':
      digits = print(spec.alternate ? "%#.*G" : "%.*G", precision, magnitude);
      break;
    case '%':
      digits = print("%.*f", precision, magnitude * 100) + "%";
      break;
    case '\0':
      if (spec.precision < 0) {
        digits = float_text(magnitude);
        break;
      }
      [[fallthrough]];
    default:
      digits = print(spec.alternate ? "%#.*g" : "%.*g", precision, magnitude);
      break;
  }
  if (spec.type == '\0' && spec.precision >= 0 && digits.find_first_not_of("0123456789") == std::string::npos) digits += ".0";
  if (spec.grouping) digits = grouped(digits, spec.grouping, 3);
  return zero_filled(signed_text(std::signbit(value) && !std::isnan(value), spec.sign, digits), spec);
}

Text align_text(const Text& text, const FormatSpec& spec, char align) {
  const int64_t total = spec.width - static_cast<int64_t>(text.length());
  if (total <= 0) return text;
  const char side = spec.align ? spec.align : align;
  const Text fill(spec.fill);
  if (side == '=') {
    const bool has_sign = text.bytes().starts_with('-') || text.bytes().starts_with('+');
    Text out = text.slice(0, has_sign);
    out.append(pad(text.slice(has_sign, text.size()), total, 0, fill));
    return out;
  }
  const int64_t left = side == '<' ? 0 : side == '>' ? total : total / 2;
  return pad(text, left, total - left, fill);
}

}  // namespace kt::core::jinja
