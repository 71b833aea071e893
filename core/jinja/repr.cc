#include "core/jinja/repr.h"

#include <utf8proc.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/jinja/object.h"

namespace kt::core::jinja {
namespace {

constexpr int kMaxDepth = 250;  // namespaces may hold each other

bool is_printable(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    case UTF8PROC_CATEGORY_ZS:
      return code_point == ' ';
    default:
      return true;
  }
}

void append_escaped(Text* out, char32_t code_point, char quote, bool is_input) {
  char buffer[16];
  if (code_point == '\n')
    out->append("\\n", is_input);
  else if (code_point == '\r')
    out->append("\\r", is_input);
  else if (code_point == '\t')
    out->append("\\t", is_input);
  else if (code_point == '\\')
    out->append("\\\\", is_input);
  else if (code_point == static_cast<char32_t>(quote))
    out->append(std::string("\\") + quote, is_input);
  else if (is_printable(code_point))
    out->append_code_point(code_point, is_input);
  else {
    const char* format = code_point < 0x100 ? "\\x%02x" : code_point < 0x10000 ? "\\u%04x" : "\\U%08x";
    std::snprintf(buffer, sizeof buffer, format, static_cast<unsigned>(code_point));
    out->append(buffer, is_input);
  }
}

void append_string(Text* out, const Text& text) {
  const std::string& bytes = text.bytes();
  const char quote = bytes.find('\'') != std::string::npos && bytes.find('"') == std::string::npos ? '"' : '\'';
  if (text.markup()) out->append("Markup(");
  out->append(std::string(1, quote));
  for_each_code_point(text, [&](char32_t code_point, bool is_input) { append_escaped(out, code_point, quote, is_input); });
  out->append(std::string(1, quote));
  if (text.markup()) out->append(")");
}

void append_repr(Text* out, const Value& value, int depth);

void append_sequence(Text* out, const Sequence& sequence, int depth) {
  out->append(sequence.is_tuple ? "(" : "[");
  for (size_t i = 0; i < sequence.items.size() && !out->overflowed(); ++i) {
    if (i > 0) out->append(", ");
    append_repr(out, sequence.items[i], depth);
  }
  if (sequence.is_tuple && sequence.items.size() == 1) out->append(",");
  out->append(sequence.is_tuple ? ")" : "]");
}

void append_dict(Text* out, const Dict& dict, int depth) {
  out->append("{");
  bool first = true;
  for (const auto& [key, value] : dict.items()) {
    if (out->overflowed()) return;
    if (!first) out->append(", ");
    first = false;
    append_repr(out, key, depth);
    out->append(": ");
    append_repr(out, value, depth);
  }
  out->append("}");
}

void append_view(Text* out, const DictView& view, int depth) {
  out->append(std::string(view.type_name()) + "([");
  for (size_t i = 0; i < view.dict->size() && !out->overflowed(); ++i) {
    if (i > 0) out->append(", ");
    append_repr(out, view.at(i), depth);
  }
  out->append("])");
}

void append_repr(Text* out, const Value& value, int depth) {
  if (depth > kMaxDepth)
    out->append("...");
  else if (value.is_none())
    out->append("None");
  else if (value.is_undefined())
    out->append("Undefined");
  else if (value.is_bool())
    out->append(value.boolean() ? "True" : "False");
  else if (value.is_integer())
    out->append(std::to_string(value.integer()));
  else if (value.is_float())
    out->append(float_text(value.number()));
  else if (value.is_string())
    append_string(out, value.text());
  else if (value.is_sequence())
    append_sequence(out, value.sequence(), depth + 1);
  else if (value.is_dict())
    append_dict(out, value.dict(), depth + 1);
  else if (const auto* view = value.as<DictView>())
    append_view(out, *view, depth + 1);
  else if (const auto* space = value.as<Namespace>()) {
    out->append("<Namespace ");
    append_dict(out, space->values, depth + 1);
    out->append(">");
  } else {
    out->append(value.object()->repr());
  }
}

}  // namespace

std::string float_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(number), std::chars_format::scientific).ptr;
  const std::string shortest(buffer, end);
  const size_t e = shortest.find('e');
  const int exponent = std::stoi(shortest.substr(e + 1));
  std::string digits = shortest.substr(0, 1) + (e > 1 ? shortest.substr(2, e - 2) : "");
  const std::string sign = std::signbit(number) ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    if (digits.size() > 1) digits.insert(1, ".");
    char tail[8];
    std::snprintf(tail, sizeof tail, "e%+03d", exponent);
    return sign + digits + tail;
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.insert(whole, ".");
}

Text to_text(const Value& value) {
  if (value.is_string()) return value.text();
  if (value.is_undefined()) return Text();
  return to_repr(value);
}

Text to_repr(const Value& value) {
  Text out;
  append_repr(&out, value, 0);
  return value.is_string() ? out : out.tainted();
}

std::string in_quotes(std::string_view name) { return to_repr(Value::string(name)).bytes(); }

}  // namespace kt::core::jinja
