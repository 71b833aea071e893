#include "core/jinja/numbers.h"

#include <charconv>
#include <cmath>
#include <string>

#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

bool is_digit_byte(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const size_t begin = skip_space(text, 0);
  return text.substr(begin, trim_end(text, begin, text.size()) - begin);
}

// The text without underscores, which may only stand between digits; nothing otherwise.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_')
      out += text[i];
    else if (i == 0 || i + 1 == text.size() || !std::isalnum(static_cast<unsigned char>(text[i - 1])) ||
             !std::isalnum(static_cast<unsigned char>(text[i + 1])))
      return std::nullopt;
  }
  return out;
}

char lower_byte(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

int64_t base_of_prefix(std::string_view digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char kind = lower_byte(digits[1]);
  return kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
}

}  // namespace

IntegerText parse_integer(std::string_view text, int64_t base) {
  text = trimmed(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int64_t prefix = base_of_prefix(text);
  if (prefix != 10 && (base == 0 || base == prefix)) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
    base = prefix;
  } else if (base == 0) {
    base = 10;
  }
  if (base < 2 || base > 36) return {};
  const auto digits = without_underscores(text);
  if (!digits || digits->empty() || digits->front() == '-' || digits->front() == '+') return {};
  int64_t value = 0;
  const std::string signed_digits = (negative ? "-" : "") + *digits;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto result = std::from_chars(signed_digits.data(), end, value, static_cast<int>(base));
  if (result.ptr != end) return {};
  if (result.ec == std::errc::result_out_of_range) return {std::nullopt, true};
  if (result.ec != std::errc()) return {};
  return {value, false};
}

std::optional<double> parse_float(std::string_view text) {
  const auto plain = without_underscores(trimmed(text));
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  std::string word;
  for (char c : rest) word += lower_byte(c);
  if (word == "inf" || word == "infinity") return negative ? -INFINITY : INFINITY;
  if (word == "nan") return NAN;
  if (word.empty() || !(is_digit_byte(word[0]) || (word[0] == '.' && word.size() > 1 && is_digit_byte(word[1]))))
    return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(word.data(), word.data() + word.size(), value);
  if (result.ptr != word.data() + word.size()) return std::nullopt;
  if (result.ec == std::errc::result_out_of_range) value = std::strtod(word.c_str(), nullptr);
  return negative ? -value : value;
}

}  // namespace kt::core::jinja
