#include "core/jinja/unicode.h"

#include <utf8proc.h>

#include <algorithm>

namespace kt::core::jinja {
namespace {

utf8proc_category_t category(char32_t code_point) { return utf8proc_category(static_cast<utf8proc_int32_t>(code_point)); }
char32_t upper(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }
char32_t lower(char32_t c) { return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))); }
char32_t title(char32_t c) { return static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))); }

// Code points whose upper case is longer than one code point, with their title case (Unicode, SpecialCasing).
struct LongCase {
  char32_t from;
  const char32_t *upper, *title;
};
constexpr LongCase kLongCases[] = {
    {0xDF, U"SS", U"Ss"},
    {0x149, U"\u02BCN", U"\u02BCN"},
    {0x1F0, U"J\u030C", U"J\u030C"},
    {0x390, U"\u0399\u0308\u0301", U"\u0399\u0308\u0301"},
    {0x3B0, U"\u03A5\u0308\u0301", U"\u03A5\u0308\u0301"},
    {0x587, U"\u0535\u0552", U"\u0535\u0582"},
    {0x1E96, U"H\u0331", U"H\u0331"},
    {0x1E97, U"T\u0308", U"T\u0308"},
    {0x1E98, U"W\u030A", U"W\u030A"},
    {0x1E99, U"Y\u030A", U"Y\u030A"},
    {0x1E9A, U"A\u02BE", U"A\u02BE"},
    {0x1FB3, U"\u0391\u0399", U"\u1FBC"},
    {0x1FC3, U"\u0397\u0399", U"\u1FCC"},
    {0x1FF3, U"\u03A9\u0399", U"\u1FFC"},
    {0x1FB6, U"\u0391\u0342", U"\u0391\u0342"},
    {0x1FC6, U"\u0397\u0342", U"\u0397\u0342"},
    {0x1FF6, U"\u03A9\u0342", U"\u03A9\u0342"},
    {0xFB00, U"FF", U"Ff"},
    {0xFB01, U"FI", U"Fi"},
    {0xFB02, U"FL", U"Fl"},
    {0xFB03, U"FFI", U"Ffi"},
    {0xFB04, U"FFL", U"Ffl"},
    {0xFB05, U"ST", U"St"},
    {0xFB06, U"ST", U"St"},
    {0xFB13, U"\u0544\u0546", U"\u0544\u0576"},
    {0xFB14, U"\u0544\u0535", U"\u0544\u0565"},
    {0xFB15, U"\u0544\u053B", U"\u0544\u056B"},
    {0xFB16, U"\u054E\u0546", U"\u054E\u0576"},
    {0xFB17, U"\u0544\u053D", U"\u0544\u056D"},
};

const LongCase* long_case(char32_t code_point) {
  if (code_point < 0xDF) return nullptr;
  const auto* found =
      std::find_if(std::begin(kLongCases), std::end(kLongCases), [&](const LongCase& c) { return c.from == code_point; });
  return found == std::end(kLongCases) ? nullptr : found;
}

void append_all(Text* out, const char32_t* code_points, bool is_input) {
  for (; *code_points; ++code_points) out->append_code_point(*code_points, is_input);
}

void append_upper(Text* out, char32_t code_point, bool is_input) {
  if (const LongCase* entry = long_case(code_point))
    append_all(out, entry->upper, is_input);
  else
    out->append_code_point(upper(code_point), is_input);
}

void append_title(Text* out, char32_t code_point, bool is_input) {
  if (const LongCase* entry = long_case(code_point))
    append_all(out, entry->title, is_input);
  else
    out->append_code_point(title(code_point), is_input);
}

bool is_case_ignorable(char32_t c) {
  if (c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xA8 || c == 0xAD || c == 0xB7 || c == 0x2019)
    return true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return false;
  }
}

// A capital sigma ends a word: a cased letter stands before it and none behind it.
bool is_final_sigma(const std::string& bytes, size_t begin, size_t end) {
  bool before = false, after = false;
  for (size_t at = begin; at > 0 && !before;) {
    const char32_t c = last_code_point(std::string_view(bytes).substr(0, at));
    do --at;
    while ((static_cast<unsigned char>(bytes[at]) & 0xC0) == 0x80);
    if (is_case_ignorable(c)) continue;
    before = is_cased(c);
    if (!before) break;
  }
  for (size_t at = end; at < bytes.size();) {
    const char32_t c = next_code_point(bytes, &at);
    if (is_case_ignorable(c)) continue;
    after = is_cased(c);
    break;
  }
  return before && !after;
}

// Appends the lower case of the code point at `begin` of `text`.
void append_lower(Text* out, const Text& text, char32_t code_point, size_t begin, size_t end, bool is_input) {
  if (code_point == 0x130)
    append_all(out, U"i\u0307", is_input);
  else if (code_point == 0x3A3)
    out->append_code_point(is_final_sigma(text.bytes(), begin, end) ? 0x3C2 : 0x3C3, is_input);
  else
    out->append_code_point(lower(code_point), is_input);
}

// Calls visit(code_point, begin, end, is_input) for every code point.
template <class Visit>
Text convert(const Text& text, Visit visit) {
  Text out;
  size_t begin = 0;
  for_each_code_point(text, [&](char32_t code_point, bool is_input) {
    const size_t end = begin + code_point_size(static_cast<unsigned char>(text.bytes()[begin]));
    visit(&out, code_point, begin, end, is_input);
    begin = end;
  });
  return out.with_markup(text.markup());
}

}  // namespace

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

size_t skip_space(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t next = at;
    if (!is_space(next_code_point(text, &next))) break;
    at = next;
  }
  return at;
}

size_t trim_end(std::string_view text, size_t begin, size_t end) {
  while (end > begin && is_space(last_code_point(text.substr(begin, end - begin)))) {
    do --end;
    while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  }
  return end;
}

Text to_upper(const Text& text) {
  return convert(text, [](Text* out, char32_t c, size_t, size_t, bool is_input) { append_upper(out, c, is_input); });
}

Text to_lower(const Text& text) {
  return convert(text, [&](Text* out, char32_t c, size_t begin, size_t end, bool is_input) {
    append_lower(out, text, c, begin, end, is_input);
  });
}

Text to_title(const Text& text) {
  bool inside = false;
  return convert(text, [&](Text* out, char32_t c, size_t begin, size_t end, bool is_input) {
    if (inside)
      append_lower(out, text, c, begin, end, is_input);
    else
      append_title(out, c, is_input);
    inside = is_cased(c);
  });
}

Text to_capital(const Text& text) {
  return convert(text, [&](Text* out, char32_t c, size_t begin, size_t end, bool is_input) {
    if (begin > 0)
      append_lower(out, text, c, begin, end, is_input);
    else
      append_title(out, c, is_input);
  });
}

Text swap_case(const Text& text) {
  return convert(text, [&](Text* out, char32_t c, size_t begin, size_t end, bool is_input) {
    if (is_upper(c))
      append_lower(out, text, c, begin, end, is_input);
    else if (is_lower(c))
      append_upper(out, c, is_input);
    else
      out->append_code_point(c, is_input);
  });
}

Text fold_case(const Text& text) {
  return convert(text, [](Text* out, char32_t c, size_t, size_t, bool is_input) {
    if (c == 0xDF || c == 0x1E9E)
      append_all(out, U"ss", is_input);
    else if (c == 0x3C2)
      out->append_code_point(0x3C3, is_input);
    else
      out->append_code_point(lower(c), is_input);
  });
}

bool is_upper_text(const Text& text) {
  bool upper = false, other = false;
  for_each_code_point(text, [&](char32_t c, bool) { is_upper(c) ? upper = true : other |= is_cased(c); });
  return upper && !other;
}

bool is_lower_text(const Text& text) {
  bool lower = false, other = false;
  for_each_code_point(text, [&](char32_t c, bool) { is_lower(c) ? lower = true : other |= is_cased(c); });
  return lower && !other;
}

bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || category(c) == UTF8PROC_CATEGORY_LT; }
bool is_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || (c >= 0x2160 && c <= 0x216F) || (c >= 0x24B6 && c <= 0x24CF);
}
bool is_lower(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL || c == 0xAA || c == 0xBA || (c >= 0x2170 && c <= 0x217F) ||
         (c >= 0x24D0 && c <= 0x24E9);
}
bool is_alpha(char32_t c) {
  const utf8proc_category_t value = category(c);
  return value >= UTF8PROC_CATEGORY_LU && value <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal(char32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }
bool is_digit(char32_t c) {
  return is_decimal(c) || c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) ||
         (c >= 0x2080 && c <= 0x2089);
}
bool is_alnum(char32_t c) { return is_alpha(c) || is_digit(c) || is_numeric(c); }

}  // namespace kt::core::jinja
