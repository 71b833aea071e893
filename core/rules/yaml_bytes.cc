#include <cstdio>

#include "core/rules/codes.h"
#include "core/rules/yaml_scan.h"

namespace kt::core {
namespace {

// Length of the UTF-8 character at `at`, or 0. Overlong forms, surrogates and values above U+10FFFF are refused.
size_t utf8_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(at), second = byte(at + 1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(at + 1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return follows(at + 1) && follows(at + 2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    return follows(at + 1) && follows(at + 2) && follows(at + 3) ? 4 : 0;
  }
  return 0;
}

std::string hexadecimal(unsigned char byte) {
  char out[8];
  std::snprintf(out, sizeof out, "0x%02X", byte);
  return out;
}

}  // namespace

Status scan_yaml_bytes(std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.bytes)
    return fail_at({"", 1, 1}, rules::kSyntax,
                   "file is " + std::to_string(text.size()) + " bytes, limit " + std::to_string(limits.bytes));
  const std::string_view mark = text.substr(0, 2);
  if (mark == "\xFF\xFE" || mark == "\xFE\xFF") return fail_at({"", 1, 1}, rules::kSyntax, "file is UTF-16; save it as UTF-8");
  Place place{"", 1, 1};
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_length(text, at);
    if (length == 0)
      return fail_at(place, rules::kSyntax, "invalid UTF-8 byte " + hexadecimal(static_cast<unsigned char>(text[at])));
    if (text[at] == '\0') return fail_at(place, rules::kSyntax, "NUL byte in file");
    place.column = text[at] == '\n' ? 1 : place.column + 1;
    place.line += text[at] == '\n';
    at += length;
  }
  return {};
}

}  // namespace kt::core
