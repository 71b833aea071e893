#include "core/text/oniguruma.h"

#include "core/text/char_class.h"

namespace kt::core {
namespace {

// Fractions and superscript digits, which Oniguruma takes for word characters outside of classes only.
constexpr std::string_view kLatinNumbers = "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

std::string word_text(char letter) {
  CharSet set;
  size_t at = 0;
  read_shorthand("w", &at, &set);
  set = set | CharSet::of_members(kLatinNumbers);
  return letter == 'w' ? set.text() : (~set).text();
}

// The escape whose backslash is at `*at`.
std::string escape(std::string_view pattern, size_t* at) {
  size_t letter = *at + 1;
  if (letter >= pattern.size()) {
    ++*at;
    return "\\";
  }
  if (pattern[letter] == 'w' || pattern[letter] == 'W') {
    *at += 2;
    return word_text(pattern[letter]);
  }
  CharSet set;
  if (read_shorthand(pattern, &letter, &set)) {
    *at = letter;
    return set.text();
  }
  *at += 2;
  if (pattern[letter] == 'v') return "\\x{B}";
  if (pattern[letter] == 'u' && *at + 4 <= pattern.size()) {
    *at += 4;
    return "\\x{" + std::string(pattern.substr(letter + 1, 4)) + "}";
  }
  return std::string(pattern.substr(letter - 1, 2));
}

// Ruby's option m lets the dot take line breaks, which is s elsewhere.
std::string options(std::string_view pattern, size_t* at) {
  std::string out = "(?";
  for (*at += 2; *at < pattern.size() && (std::isalpha(static_cast<unsigned char>(pattern[*at])) || pattern[*at] == '-'); ++*at)
    out += pattern[*at] == 'm' ? 's' : pattern[*at];
  return out;
}

}  // namespace

Result<std::string> pcre2_from_oniguruma(std::string_view pattern) {
  std::string out;
  for (size_t at = 0; at < pattern.size();) {
    const std::string_view rest = pattern.substr(at);
    if (rest[0] == '\\') {
      out += escape(pattern, &at);
    } else if (rest[0] == '[') {
      out += KT_TRY(read_class(pattern, &at)).text();
    } else if (rest.starts_with("(?m") || rest.starts_with("(?i") || rest.starts_with("(?x") || rest.starts_with("(?-")) {
      out += options(pattern, &at);
    } else if (rest.starts_with("{,")) {
      out += "{0,";
      at += 2;
    } else {
      out += rest[0];
      ++at;
    }
  }
  return out;
}

}  // namespace kt::core
