// A string of a template: UTF-8 bytes that know which of their parts came from the user.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/utf8.h"

namespace kt::core::jinja {

// Longest string a template can make; a Text that would grow past it stays as it is and says overflowed().
inline constexpr size_t kMaxTextBytes = size_t{16} << 20;

class Text {
 public:
  struct Span {
    size_t begin, end;  // bytes
  };

  Text() = default;
  explicit Text(std::string_view bytes, bool is_input = false) { append(bytes, is_input); }

  const std::string& bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }  // bytes
  size_t length() const { return length_; }      // code points
  bool empty() const { return bytes_.empty(); }
  bool overflowed() const { return overflowed_; }
  const std::vector<Span>& input() const { return input_; }  // the user's parts, in order, never touching
  bool any_input() const { return !input_.empty(); }
  bool is_input(size_t byte) const;
  // Safe HTML, as the filters `safe` and `escape` give it: operators escape what they join to it.
  bool markup() const { return markup_; }
  Text with_markup(bool markup) const;
  // The same text, wholly the user's if any part of it is.
  Text tainted() const;

  void append(std::string_view bytes, bool is_input = false);
  void append(const Text& text) { append(text, 0, text.size()); }
  void append(const Text& text, size_t begin, size_t end);  // bytes
  void append_code_point(char32_t code_point, bool is_input);

  Text slice(size_t begin, size_t end) const;  // bytes; keeps markup()
  size_t byte_of(size_t code_point) const;     // offset of the code point with that index, size() past the end
  Text at(size_t code_point) const;

 private:
  void mark(size_t begin, size_t end);

  std::string bytes_;
  std::vector<Span> input_;
  size_t length_ = 0;
  bool markup_ = false, overflowed_ = false;
};

// Calls visit(code_point, is_input) for every code point.
template <class Visit>
void for_each_code_point(const Text& text, Visit visit) {
  auto span = text.input().begin();
  for (size_t at = 0; at < text.size();) {
    while (span != text.input().end() && span->end <= at) ++span;
    const bool is_input = span != text.input().end() && span->begin <= at;
    visit(next_code_point(text.bytes(), &at), is_input);
  }
}

}  // namespace kt::core::jinja
