#include "core/jinja/string_literal.h"

#include <cstdio>

#include "core/text/utf8.h"

namespace kt::core::jinja {
namespace {

constexpr std::string_view kPlain = "\\'\"abfnrtv";
constexpr std::string_view kMeaning = "\\'\"\a\b\f\n\r\t\v";

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

// Reads up to `most` digits of the base; the number of those read.
size_t read_digits(std::string_view text, int base, size_t most, char32_t* value) {
  size_t count = 0;
  for (*value = 0; count < most && count < text.size() && digit(text[count]) < base; ++count)
    *value = *value * static_cast<char32_t>(base) + static_cast<char32_t>(digit(text[count]));
  return count;
}

// jinja2 turns other characters into escapes of their own before it resolves any, so one behind a backslash shows that.
void append_code_point_name(std::string* out, char32_t code_point) {
  char name[16];
  std::snprintf(name, sizeof name,
                code_point < 0x100     ? "\\x%02x"
                : code_point < 0x10000 ? "\\u%04x"
                                       : "\\U%08x",
                static_cast<unsigned>(code_point));
  *out += name;
}

// Resolves the escape whose letter is at `*at`, and moves behind it.
Status decode_escape(std::string_view body, size_t* at, std::string* out) {
  const char letter = body[*at];
  if (const size_t plain = kPlain.find(letter); plain != std::string_view::npos) {
    *out += kMeaning[plain];
    ++*at;
    return {};
  }
  char32_t value = 0;
  if (digit(letter) < 8) {
    *at += read_digits(body.substr(*at), 8, 3, &value);
    append_code_point(out, value);
    return {};
  }
  if (letter == '\n') {
    ++*at;
    return {};
  }
  const size_t size = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (size == 0) {
    *out += static_cast<unsigned char>(letter) < 0x80 ? "\\" : "";
    if (static_cast<unsigned char>(letter) >= 0x80) append_code_point_name(out, next_code_point(body, at));
    return {};
  }
  if (read_digits(body.substr(*at + 1), 16, size, &value) < size)
    return fail(412, std::string("the escape \\") + letter + " needs " + std::to_string(size) + " hexadecimal digits");
  if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
    return fail(412, std::string("the escape \\") + letter + " does not name a character");
  append_code_point(out, value);
  *at += 1 + size;
  return {};
}

}  // namespace

Result<std::string> decode_string(std::string_view body) {
  std::string out;
  for (size_t at = 0; at < body.size();) {
    if (body[at] != '\\') {
      out += body[at++];
      continue;
    }
    ++at;
    if (at >= body.size()) return fail(412, "the string ends with a backslash");
    KT_TRY(decode_escape(body, &at, &out));
  }
  return out;
}

}  // namespace kt::core::jinja
