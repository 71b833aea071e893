#include "core/text/utf8.h"

#include <utf8proc.h>

#include <cstdint>

namespace kt::core {
namespace {

// Length of the well-formed sequence at the start of `bytes`, 0 if there is none. `*part` becomes the length of the longest
// prefix of a well-formed sequence.
size_t sequence_size(std::string_view bytes, size_t* part) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = byte(0);
  *part = 1;
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const size_t size = code_point_size(lead);
  unsigned char low = 0x80, high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  for (size_t i = 1; i < size; ++i) {
    if (i >= bytes.size() || byte(i) < low || byte(i) > high) return 0;
    *part = i + 1;
    low = 0x80, high = 0xBF;
  }
  return size;
}

utf8proc_category_t category(char32_t code_point) { return utf8proc_category(static_cast<utf8proc_int32_t>(code_point)); }

}  // namespace

size_t code_point_size(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

char32_t next_code_point(std::string_view text, size_t* at) {
  const unsigned char lead = static_cast<unsigned char>(text[*at]);
  const size_t size = code_point_size(lead);
  char32_t code_point = size == 1 ? lead : lead & (0x7F >> size);
  for (size_t i = 1; i < size && *at + i < text.size(); ++i)
    code_point = code_point << 6 | (static_cast<unsigned char>(text[*at + i]) & 0x3F);
  *at += size;
  return code_point;
}

char32_t last_code_point(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return next_code_point(text, &at);
}

void append_code_point(std::string* out, char32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

size_t append_lossy_utf8(std::string_view bytes, bool final, std::string* out) {
  size_t at = 0;
  while (at < bytes.size()) {
    size_t part = 0;
    const size_t size = sequence_size(bytes.substr(at), &part);
    if (size > 0) {
      out->append(bytes.substr(at, size));
      at += size;
      continue;
    }
    const unsigned char lead = static_cast<unsigned char>(bytes[at]);
    const bool could_grow = lead >= 0xC2 && lead <= 0xF4 && at + part == bytes.size();
    if (could_grow && !final) break;
    append_code_point(out, kReplacement);
    at += part;
  }
  return at;
}

bool is_valid_utf8(std::string_view bytes) {
  for (size_t at = 0, part = 0; at < bytes.size();) {
    const size_t size = sequence_size(bytes.substr(at), &part);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string_view valid_utf8(std::string_view text, std::string* copy) {
  if (is_valid_utf8(text)) return text;
  copy->clear();
  append_lossy_utf8(text, true, copy);
  return *copy;
}

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13);
  if (c == 0x85) return true;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
}

bool is_numeric(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_NO;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

bool is_mark(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC || kind == UTF8PROC_CATEGORY_ME;
}

bool is_other(char32_t c) {
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CF || kind == UTF8PROC_CATEGORY_CN ||
         kind == UTF8PROC_CATEGORY_CO;
}

bool is_word(char32_t c) {
  if (c >= 0x24B6 && c <= 0x24E9) return true;  // circled letters: symbols that are Alphabetic
  if (c == 0x200C || c == 0x200D) return true;
  if (c >= 0x1F130 && c <= 0x1F189) return c <= 0x1F149 || (c >= 0x1F150 && c <= 0x1F169) || c >= 0x1F170;
  const auto kind = category(c);
  return (kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO) || is_mark(c) || kind == UTF8PROC_CATEGORY_ND ||
         kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_PC;
}

}  // namespace kt::core
