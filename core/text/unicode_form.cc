#include <utf8proc.h>

#include <algorithm>
#include <vector>

#include "core/text/normalizer.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

int combining_class(utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; }

void decompose(utf8proc_int32_t c, utf8proc_option_t options, std::vector<utf8proc_int32_t>* out) {
  utf8proc_int32_t parts[32];
  int last_boundary = 0;
  const auto count = utf8proc_decompose_char(c, parts, 32, options, &last_boundary);
  if (count > 0 && count <= 32)
    out->insert(out->end(), parts, parts + count);
  else
    out->push_back(c);
}

// Marks that follow one another are ordered by their class; utf8proc's own order takes quadratic time on long runs.
void order_marks(std::vector<utf8proc_int32_t>* text) {
  for (auto begin = text->begin(); begin != text->end();) {
    if (combining_class(*begin) == 0) {
      ++begin;
      continue;
    }
    const auto end = std::find_if(begin, text->end(), [](auto c) { return combining_class(c) == 0; });
    std::stable_sort(begin, end, [](auto a, auto b) { return combining_class(a) < combining_class(b); });
    begin = end;
  }
}

}  // namespace

std::string normalize_unicode(std::string_view text, bool compose, bool compatible) {
  if (is_ascii(text)) return std::string(text);
  int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE;
  if (compatible) options |= UTF8PROC_COMPAT;
  std::vector<utf8proc_int32_t> points;
  points.reserve(text.size());
  for (size_t at = 0; at < text.size();)
    decompose(static_cast<utf8proc_int32_t>(next_code_point(text, &at)), static_cast<utf8proc_option_t>(options), &points);
  order_marks(&points);
  if (compose) {
    const auto count = utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()),
                                                static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    points.resize(static_cast<size_t>(std::max<utf8proc_ssize_t>(count, 0)));
  }
  std::string out;
  out.reserve(text.size());
  for (const auto c : points) append_code_point(&out, static_cast<char32_t>(c));
  return out;
}

}  // namespace kt::core
