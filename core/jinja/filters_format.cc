#include <cmath>

#include "core/jinja/filters.h"
#include "core/jinja/format.h"
#include "core/jinja/markup.h"
#include "core/jinja/repr.h"
#include "core/jinja/string_tools.h"
#include "core/jinja/to_json.h"

namespace kt::core::jinja {
namespace {

Result<Value> tojson(Runtime& runtime, const Value& self, const Bound& arguments) {
  JsonStyle style;
  style.ensure_ascii = arguments.has(0) && arguments[0].truthy();
  if (arguments.given(1)) {
    style.item_separator = ",";
    if (arguments[1].is_string())
      style.indent = arguments[1].text().bytes();
    else
      style.indent = pad(Text(), std::min<int64_t>(KT_TRY(to_integer(arguments[1], "the indent")), 1000), 0, Text(" ")).bytes();
  }
  if (arguments.given(2)) {
    const std::vector<Value> both = KT_TRY(to_vector(runtime, arguments[2]));
    if (both.size() != 2) return failure("tojson(): the separators are two strings");
    style.item_separator = KT_TRY(to_string(both[0], "a separator")).bytes();
    style.key_separator = KT_TRY(to_string(both[1], "a separator")).bytes();
  }
  style.sort_keys = arguments.has(3) && arguments[3].truthy();
  KT_TRY(runtime.charge(self.weight()));
  return runtime.made(KT_TRY(to_json(self, style)));
}

Result<Value> format_filter(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Arguments& rest = arguments.rest;
  if (!rest.positional.empty() && !rest.keyword.empty())
    return failure("format(): positional and keyword arguments cannot be mixed");
  if (rest.keyword.empty()) return format_percent(runtime, to_text(self), KT_TRY(make_tuple(rest.positional)));
  Dict named;
  for (const auto& [name, value] : rest.keyword) named.set(Value::string(name), value);
  return format_percent(runtime, to_text(self), KT_TRY(make_dict(std::move(named))));
}

Text percent_encoded(const Text& text, std::string_view safe) {
  Text out;
  for (size_t at = 0; at < text.size(); ++at) {
    const unsigned char byte = static_cast<unsigned char>(text.bytes()[at]);
    const bool plain = std::isalnum(byte) || std::string_view("_.-~").find(static_cast<char>(byte)) != std::string_view::npos ||
                       safe.find(static_cast<char>(byte)) != std::string_view::npos;
    char buffer[4];
    std::snprintf(buffer, sizeof buffer, "%%%02X", byte);
    out.append(plain && byte < 0x80 ? std::string_view(text.bytes()).substr(at, 1) : std::string_view(buffer), text.is_input(at));
  }
  return out;
}

Result<Value> urlencode(Runtime& runtime, const Value& self, const Bound&) {
  if (self.is_string() || !iterate(self).ok()) return runtime.made(percent_encoded(to_text(self), "/"));
  std::vector<Text> parts;
  const auto add = [&](const Value& key, const Value& value) {
    Text part = percent_encoded(to_text(key), "");
    part.append("=");
    part.append(percent_encoded(to_text(value), ""));
    parts.push_back(replace(part, "%20", Text("+"), -1));
  };
  if (self.is_dict()) {
    for (const auto& [key, value] : self.dict().items()) add(key, value);
  } else {
    for (const Value& pair : KT_TRY(to_vector(runtime, self))) {
      const std::vector<Value> both = KT_TRY(to_vector(runtime, pair));
      if (both.size() != 2) return failure("urlencode(): an element needs a key and a value");
      add(both[0], both[1]);
    }
  }
  return runtime.made(join(Text("&"), parts));
}

// One entity behind '&' as the character it stands for, or 0. `*size` becomes the length with '&' and ';'.
char32_t entity_at(std::string_view text, size_t* size) {
  static constexpr std::pair<std::string_view, char32_t> kNames[] = {{"amp", '&'},  {"lt", '<'},    {"gt", '>'},
                                                                     {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xA0}};
  const size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos) return 0;
  *size = end + 1;
  const std::string_view name = text.substr(1, end - 1);
  for (const auto& [known, code_point] : kNames)
    if (name == known) return code_point;
  if (name.size() < 2 || name[0] != '#') return 0;
  const bool hex = name[1] == 'x' || name[1] == 'X';
  const std::string digits(name.substr(hex ? 2 : 1));
  if (digits.empty() || digits.find_first_not_of(hex ? "0123456789abcdefABCDEF" : "0123456789") != std::string::npos) return 0;
  const unsigned long value = std::strtoul(digits.c_str(), nullptr, hex ? 16 : 10);
  return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF) ? static_cast<char32_t>(value) : 0;
}

// The text without what stands between `open` and `close`.
Text without_tags(const Text& text, std::string_view open, std::string_view close) {
  Text out;
  size_t at = 0;
  while (true) {
    const size_t begin = text.bytes().find(open, at);
    const size_t end = begin == std::string::npos ? begin : text.bytes().find(close, begin + open.size());
    if (end == std::string::npos) break;
    out.append(text, at, begin);
    at = end + close.size();
  }
  out.append(text, at, text.size());
  return out;
}

Result<Value> striptags(Runtime& runtime, const Value& self, const Bound&) {
  const Text bare = without_tags(without_tags(to_text(self), "<!--", "-->"), "<", ">");
  const Text tidy = join(Text(" "), split(bare.with_markup(false), std::nullopt, -1));
  Text out;
  for (size_t at = 0; at < tidy.size();) {
    size_t size = 1;
    const char32_t code_point = tidy.bytes()[at] == '&' ? entity_at(std::string_view(tidy.bytes()).substr(at), &size) : 0;
    if (code_point)
      out.append_code_point(code_point, tidy.is_input(at));
    else
      out.append(tidy, at, at + (size = 1));
    at += size;
  }
  return runtime.made(std::move(out));
}

Result<Value> filesizeformat(Runtime& runtime, const Value& self, const Bound& arguments) {
  double bytes = 0;
  if (self.is_number())
    bytes = self.number();
  else if (self.is_string())
    bytes = std::strtod(self.text().bytes().c_str(), nullptr);
  else
    return failure("filesizeformat(): a number is needed");
  const bool binary = arguments.has(0) && arguments[0].truthy();
  const double base = binary ? 1024 : 1000;
  static constexpr const char* kDecimal[] = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
  static constexpr const char* kBinary[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"};
  if (bytes == 1) return Value::string("1 Byte");
  if (bytes < base) return runtime.made(Text(std::to_string(static_cast<int64_t>(bytes)) + " Bytes"));
  size_t unit = 0;
  double scale = base * base;
  while (unit < 7 && bytes >= scale) ++unit, scale *= base;
  FormatSpec spec;
  spec.type = 'f';
  spec.precision = 1;
  return runtime.made(Text(KT_TRY(format_float(base * bytes / scale, spec)) + " " + (binary ? kBinary : kDecimal)[unit]));
}

constexpr Builtin kFilters[] = {
    {"filesizeformat", "binary?", filesizeformat},
    {"format", "*", format_filter},
    {"striptags", "", striptags},
    {"tojson", "ensure_ascii? indent? separators? sort_keys?", tojson},
    {"urlencode", "", urlencode},
};

}  // namespace

std::span<const Builtin> format_filters() { return kFilters; }

}  // namespace kt::core::jinja
