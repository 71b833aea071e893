#include "core/jinja/string_tools.h"

#include <algorithm>

#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

bool is_one_of(std::string_view code_point, const std::string& set) {
  for (size_t at = 0; at < set.size();) {
    const size_t size = code_point_size(static_cast<unsigned char>(set[at]));
    if (std::string_view(set).substr(at, size) == code_point) return true;
    at += size;
  }
  return false;
}

size_t previous(std::string_view text, size_t at) {
  do --at;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  return at;
}

std::vector<Text> split_at_space(const Text& text, int64_t most) {
  std::vector<Text> out;
  size_t at = skip_space(text.bytes(), 0);
  while (at < text.size()) {
    size_t end = at;
    if (most >= 0 && static_cast<int64_t>(out.size()) >= most) {
      end = trim_end(text.bytes(), at, text.size());
      out.push_back(text.slice(at, end));
      break;
    }
    for (size_t next = end; next < text.size(); end = next)
      if (is_space(next_code_point(text.bytes(), &next))) break;
    out.push_back(text.slice(at, end));
    at = skip_space(text.bytes(), end);
  }
  return out;
}

std::vector<Text> split_at_space_from_right(const Text& text, int64_t most) {
  std::vector<Text> out;
  size_t end = trim_end(text.bytes(), 0, text.size());
  while (end > 0) {
    if (most >= 0 && static_cast<int64_t>(out.size()) >= most) {
      out.push_back(text.slice(skip_space(text.bytes(), 0), end));
      break;
    }
    size_t begin = end;
    while (begin > 0 && !is_space(last_code_point(std::string_view(text.bytes()).substr(0, begin))))
      begin = previous(text.bytes(), begin);
    out.push_back(text.slice(begin, end));
    end = trim_end(text.bytes(), 0, begin);
  }
  std::reverse(out.begin(), out.end());
  return out;
}

bool is_line_end(char32_t c) { return (c >= 10 && c <= 13) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029; }

}  // namespace

Text strip(const Text& text, Side side, const std::optional<Text>& characters) {
  const std::string& bytes = text.bytes();
  size_t begin = 0, end = text.size();
  if (!characters) {
    if (side != Side::kRight) begin = skip_space(bytes, 0);
    if (side != Side::kLeft) end = trim_end(bytes, begin, end);
    return text.slice(begin, end);
  }
  const std::string& set = characters->bytes();
  const auto matches = [&](size_t from, size_t to) { return is_one_of(std::string_view(bytes).substr(from, to - from), set); };
  while (side != Side::kRight && begin < end) {
    const size_t next = begin + code_point_size(static_cast<unsigned char>(bytes[begin]));
    if (!matches(begin, next)) break;
    begin = next;
  }
  while (side != Side::kLeft && end > begin) {
    const size_t before = previous(bytes, end);
    if (!matches(before, end)) break;
    end = before;
  }
  return text.slice(begin, end);
}

Text replace(const Text& text, std::string_view from, const Text& to, int64_t most) {
  Text out;
  size_t at = 0;
  for (int64_t count = 0; (most < 0 || count < most) && !out.overflowed(); ++count) {
    const size_t found = from.empty() ? at : text.bytes().find(from, at);
    if (found == std::string::npos) break;
    out.append(text, at, found);
    out.append(to);
    at = found + from.size();
    if (!from.empty()) continue;
    if (at >= text.size()) return out.with_markup(text.markup());
    const size_t next = at + code_point_size(static_cast<unsigned char>(text.bytes()[at]));
    out.append(text, at, next);
    at = next;
  }
  out.append(text, at, text.size());
  return out.with_markup(text.markup());
}

std::vector<Text> split(const Text& text, const std::optional<std::string_view>& separator, int64_t most) {
  if (!separator) return split_at_space(text, most);
  std::vector<Text> out;
  size_t at = 0;
  while (most < 0 || static_cast<int64_t>(out.size()) < most) {
    const size_t found = text.bytes().find(*separator, at);
    if (found == std::string::npos) break;
    out.push_back(text.slice(at, found));
    at = found + separator->size();
  }
  out.push_back(text.slice(at, text.size()));
  return out;
}

std::vector<Text> split_from_right(const Text& text, const std::optional<std::string_view>& separator, int64_t most) {
  if (!separator) return split_at_space_from_right(text, most);
  std::vector<Text> out;
  size_t end = text.size();
  while ((most < 0 || static_cast<int64_t>(out.size()) < most) && end >= separator->size()) {
    const size_t found = text.bytes().rfind(*separator, end - separator->size());
    if (found == std::string::npos) break;
    out.push_back(text.slice(found + separator->size(), end));
    end = found;
  }
  out.push_back(text.slice(0, end));
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<Text> split_lines(const Text& text, bool keep_ends) {
  std::vector<Text> out;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = at;
    const char32_t c = next_code_point(text.bytes(), &at);
    if (!is_line_end(c)) continue;
    if (c == '\r' && at < text.size() && text.bytes()[at] == '\n') ++at;
    out.push_back(text.slice(begin, keep_ends ? at : end));
    begin = at;
  }
  if (begin < text.size()) out.push_back(text.slice(begin, text.size()));
  return out;
}

Text join(const Text& glue, const std::vector<Text>& texts) {
  Text out;
  for (size_t i = 0; i < texts.size() && !out.overflowed(); ++i) {
    if (i > 0) out.append(glue);
    out.append(texts[i]);
  }
  return out;
}

Text pad(const Text& text, int64_t left, int64_t right, const Text& fill) {
  Text out;
  for (int64_t i = 0; i < left && !out.overflowed(); ++i) out.append(fill);
  out.append(text);
  for (int64_t i = 0; i < right && !out.overflowed(); ++i) out.append(fill);
  return out.with_markup(text.markup());
}

int64_t left_of_center(int64_t total, int64_t width) { return total / 2 + (total & width & 1); }

}  // namespace kt::core::jinja
