#include "core/text/byte_level.h"

#include <array>
#include <cstdint>
#include <cstdio>

#include "core/text/utf8.h"

namespace kt::core {
namespace {

// Bytes that are printable in Latin-1 stand for themselves; the others follow from U+0100 on, in order.
constexpr bool stands_for_itself(int byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173); }

struct Alphabet {
  std::array<uint16_t, 256> letter{};
  std::array<int16_t, 324> byte{};  // of letters up to U+0143
};

constexpr Alphabet make_alphabet() {
  Alphabet alphabet;
  for (auto& byte : alphabet.byte) byte = -1;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const int letter = stands_for_itself(byte) ? byte : next++;
    alphabet.letter[byte] = static_cast<uint16_t>(letter);
    alphabet.byte[letter] = static_cast<int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = make_alphabet();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void append_byte_level(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    const uint16_t letter = kAlphabet.letter[static_cast<unsigned char>(c)];
    if (letter >= 0x80) {
      out->push_back(static_cast<char>(0xC0 | letter >> 6));
      out->push_back(static_cast<char>(0x80 | (letter & 0x3F)));
    } else {
      out->push_back(static_cast<char>(letter));
    }
  }
}

void append_bytes_of(std::string_view text, std::string* out) {
  const size_t before = out->size();
  for (size_t at = 0; at < text.size();) {
    const char32_t letter = next_code_point(text, &at);
    const int byte = letter < kAlphabet.byte.size() ? kAlphabet.byte[letter] : -1;
    if (byte < 0) {
      out->resize(before);
      out->append(text);
      return;
    }
    out->push_back(static_cast<char>(byte));
  }
}

int fallback_byte(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = hex_digit(token[3]), low = hex_digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string fallback_token(unsigned char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "<0x%02X>", byte);
  return text;
}

}  // namespace kt::core
