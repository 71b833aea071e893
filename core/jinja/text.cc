#include "core/jinja/text.h"

#include <algorithm>

namespace kt::core::jinja {
namespace {

bool starts_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

}  // namespace

bool Text::is_input(size_t byte) const {
  for (const Span& span : input_)
    if (byte < span.end) return byte >= span.begin;
  return false;
}

Text Text::with_markup(bool markup) const {
  Text out = *this;
  out.markup_ = markup;
  return out;
}

Text Text::tainted() const {
  Text out = *this;
  if (out.any_input()) out.input_ = {{0, size()}};
  return out;
}

void Text::mark(size_t begin, size_t end) {
  if (begin == end) return;
  if (!input_.empty() && input_.back().end == begin)
    input_.back().end = end;
  else
    input_.push_back({begin, end});
}

void Text::append(std::string_view bytes, bool is_input) {
  if (bytes.size() > kMaxTextBytes - bytes_.size()) overflowed_ = true;
  if (overflowed_) return;
  if (is_input) mark(bytes_.size(), bytes_.size() + bytes.size());
  bytes_.append(bytes);
  length_ += static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), starts_code_point));
}

void Text::append(const Text& text, size_t begin, size_t end) {
  const size_t base = bytes_.size();
  overflowed_ |= text.overflowed_;
  append(std::string_view(text.bytes_).substr(begin, end - begin));
  if (overflowed_) return;
  for (const Span& span : text.input_) {
    const size_t from = std::max(begin, span.begin), to = std::min(end, span.end);
    if (from < to) mark(base + from - begin, base + to - begin);
  }
}

void Text::append_code_point(char32_t code_point, bool is_input) {
  std::string bytes;
  kt::core::append_code_point(&bytes, code_point);
  append(bytes, is_input);
}

Text Text::slice(size_t begin, size_t end) const {
  Text out;
  out.append(*this, begin, end);
  out.markup_ = markup_;
  return out;
}

size_t Text::byte_of(size_t code_point) const {
  if (code_point >= length_) return size();
  if (length_ == size()) return code_point;
  size_t at = 0;
  for (; code_point > 0; --code_point) at += code_point_size(static_cast<unsigned char>(bytes_[at]));
  return at;
}

Text Text::at(size_t code_point) const {
  const size_t begin = byte_of(code_point);
  return slice(begin, begin + code_point_size(static_cast<unsigned char>(bytes_[begin])));
}

}  // namespace kt::core::jinja
