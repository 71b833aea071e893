#include <algorithm>

#include "core/base/printable.h"
#include "core/jinja/lexer.h"
#include "core/text/utf8.h"

namespace kt::core::jinja {
namespace {

constexpr size_t kMaxExcerpt = 100;  // bytes of a line that are shown

size_t line_start(std::string_view text, size_t offset) {
  const size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string harmless(std::string_view part) {
  std::string out(part);
  std::replace(out.begin(), out.end(), '\t', ' ');
  return printable(out);
}

}  // namespace

Place Source::place(size_t offset) const {
  offset = std::min(offset, text.size());
  const std::string_view view = text;
  const size_t start = line_start(view, offset);
  return Place{name, static_cast<int>(std::count(view.begin(), view.begin() + static_cast<ptrdiff_t>(start), '\n')) + 1,
               columns(view.substr(start, offset - start)) + 1};
}

std::string Source::excerpt(size_t offset) const {
  offset = std::min(offset, text.size());
  const std::string_view view = text;
  size_t begin = line_start(view, offset);
  size_t end = std::min(view.find('\n', offset), view.size());
  if (offset - begin > kMaxExcerpt) begin = offset - kMaxExcerpt;
  end = std::min(end, offset + kMaxExcerpt);
  while (begin < offset && continues(view[begin])) ++begin;
  while (end > offset && end < view.size() && continues(view[end])) --end;
  const std::string before = harmless(view.substr(begin, offset - begin)), behind = harmless(view.substr(offset, end - offset));
  return "  " + before + behind + "\n  " + std::string(static_cast<size_t>(columns(before)), ' ') + "^";
}

Error Source::locate(Error error, size_t offset) const {
  if (!error.place.file.empty()) return error;
  error.place = place(offset);
  error.rest = excerpt(offset);
  return error;
}

std::string normal_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace kt::core::jinja
