#include "core/base/printable.h"

#include <cstdint>
#include <cstdio>

namespace kt::core {
namespace {

struct Character {
  size_t bytes;    // that it takes; 1 if malformed
  uint32_t point;  // its number; kMalformed if it is none
};
constexpr uint32_t kMalformed = 0xFFFFFFFF;

Character next_character(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {1, kMalformed};
  uint32_t point = lead & (0xFFu >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {1, kMalformed};
    point = point << 6 | (byte(i) & 0x3Fu);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_valid = point >= kLeast[bytes] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
  return is_valid ? Character{bytes, point} : Character{1, kMalformed};
}

bool is_harmless(uint32_t point) {
  if (point == '\n') return true;
  if (point < 0x20 || (point >= 0x7F && point < 0xA0) || point == kMalformed) return false;
  const bool turns_direction =
      point == 0x200E || point == 0x200F || (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  return !turns_direction && point != 0x2028 && point != 0x2029;
}

void append_escaped(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02X", static_cast<uint8_t>(c));
    out += escape;
  }
}

bool continues_character(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

}  // namespace

std::string printable(std::string_view text, size_t limit) {
  std::string out;
  while (!text.empty()) {
    const Character c = next_character(text);
    if (is_harmless(c.point)) {
      out += text.substr(0, c.bytes);
    } else {
      append_escaped(out, text.substr(0, c.bytes));
    }
    text.remove_prefix(c.bytes);
  }
  if (out.size() <= limit) return out;
  size_t head = limit * 3 / 4, tail = out.size() - limit / 4;
  while (head > 0 && continues_character(out[head])) --head;
  while (tail < out.size() && continues_character(out[tail])) ++tail;
  return out.substr(0, head) + " ... " + out.substr(tail);
}

}  // namespace kt::core
