#include <algorithm>

#include "core/jinja/filters.h"
#include "core/jinja/markup.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"
#include "core/jinja/string_tools.h"
#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

template <Text (*convert)(const Text&)>
Result<Value> converted(Runtime& runtime, const Value& self, const Bound&) {
  return runtime.made(convert(to_text(self)));
}

// A capital at the start of every word; unlike str.title(), only blanks, hyphens and opening brackets begin words.
Text title_words(const Text& text) {
  Text out;
  const auto breaks = [](char32_t c) { return is_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<'; };
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    const bool gap = breaks(next_code_point(text.bytes(), &end));
    for (size_t next = end; next < text.size(); end = next)
      if (breaks(next_code_point(text.bytes(), &next)) != gap) break;
    const size_t first = at + code_point_size(static_cast<unsigned char>(text.bytes()[at]));
    out.append(to_upper(text.slice(at, first)));
    out.append(to_lower(text.slice(first, end)));
    at = end;
  }
  return out;
}

Text safe(const Text& text) { return text.with_markup(true); }
Text force_escape(const Text& text) { return escaped(text.with_markup(false)); }

Result<Value> string_filter(Runtime& runtime, const Value& self, const Bound&) {
  if (self.is_string()) return self;
  return runtime.made(to_text(self));
}

Result<Value> trim(Runtime& runtime, const Value& self, const Bound& arguments) {
  std::optional<Text> characters;
  if (arguments.given(0)) characters = KT_TRY(to_string(arguments[0], "the set of characters to trim"));
  return runtime.made(strip(to_text(self), Side::kBoth, characters));
}

Result<Value> replace_filter(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t most = arguments.given(2) ? KT_TRY(to_integer(arguments[2], "the count")) : -1;
  const Text text = to_text(self).with_markup(false);
  return runtime.made(replace(text, to_text(arguments[0]).bytes(), to_text(arguments[1]).with_markup(false), most));
}

Result<Value> center(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t width = arguments.has(0) ? KT_TRY(to_integer(arguments[0], "the width")) : 80;
  const Text text = to_text(self);
  const int64_t total = std::max<int64_t>(width, 0) - static_cast<int64_t>(text.length());
  if (total <= 0) return runtime.made(text);
  const int64_t left = left_of_center(total, width);
  return runtime.made(pad(text, left, total - left, Text(" ")));
}

Result<Value> indent(Runtime& runtime, const Value& self, const Bound& arguments) {
  Text margin("    ");
  if (arguments.has(0)) {
    if (arguments[0].is_string())
      margin = arguments[0].text();
    else
      margin = pad(Text(), KT_TRY(to_integer(arguments[0], "the width of an indentation")), 0, Text(" "));
  }
  const bool first = arguments.has(1) && arguments[1].truthy(), blank = arguments.has(2) && arguments[2].truthy();
  const Text& source = KT_TRY(to_string(self, "the text to indent"));
  Text text = source;
  text.append("\n");
  const std::vector<Text> lines = split_lines(text, false);
  Text out;
  if (first) out.append(margin);
  for (size_t i = 0; i < lines.size() && !out.overflowed(); ++i) {
    if (i > 0) out.append("\n");
    if (i > 0 && (blank || !lines[i].empty())) out.append(margin);
    out.append(lines[i]);
  }
  return runtime.made(out.with_markup(source.markup()));
}

Result<Value> truncate(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t length = arguments.has(0) ? KT_TRY(to_integer(arguments[0], "the length")) : 255;
  const Text end = arguments.has(2) ? to_text(arguments[2]) : Text("...");
  const int64_t leeway = arguments.given(3) ? KT_TRY(to_integer(arguments[3], "the leeway")) : 5;
  const int64_t kept = length - static_cast<int64_t>(end.length());
  if (kept < 0) return failure("truncate(): the length is below that of the end " + in_quotes(end.bytes()));
  if (leeway < 0) return failure("truncate(): the leeway is negative");
  if (KT_TRY(length_of(self)) <= length + leeway) return self;
  const Text text = KT_TRY(to_string(self, "the text to truncate"));
  Text out = text.slice(0, text.byte_of(static_cast<size_t>(kept)));
  if (!arguments.has(1) || !arguments[1].truthy()) out = split_from_right(out, std::string_view(" "), 1).front();
  out.append(end);
  return runtime.made(std::move(out));
}

Result<Value> word_count(Runtime&, const Value& self, const Bound&) {
  int64_t words = 0;
  bool inside = false;
  for_each_code_point(to_text(self), [&](char32_t c, bool) {
    const bool word = c == '_' || is_alnum(c);
    words += word && !inside;
    inside = word;
  });
  return Value(words);
}

Result<Value> join_filter(Runtime& runtime, const Value& self, const Bound& arguments) {
  const AttributePath path = KT_TRY(AttributePath::parse(arguments.has(1) ? arguments[1] : Value()));
  std::vector<Text> texts;
  for (Value& item : KT_TRY(to_vector(runtime, self))) texts.push_back(to_text(KT_TRY(path.read(runtime, std::move(item)))));
  const Text glue = arguments.has(0) ? to_text(arguments[0]) : Text();
  return runtime.made(join(glue, texts).with_markup(false));
}

constexpr Builtin kFilters[] = {
    {"capitalize", "", converted<to_capital>},
    {"center", "width?", center},
    {"e", "", converted<escaped>},
    {"escape", "", converted<escaped>},
    {"forceescape", "", converted<force_escape>},
    {"indent", "width? first? blank?", indent},
    {"join", "d? attribute?", join_filter},
    {"lower", "", converted<to_lower>},
    {"replace", "old new count?", replace_filter},
    {"safe", "", converted<safe>},
    {"string", "", string_filter},
    {"title", "", converted<title_words>},
    {"trim", "chars?", trim},
    {"truncate", "length? killwords? end? leeway?", truncate},
    {"upper", "", converted<to_upper>},
    {"wordcount", "", word_count},
};

}  // namespace

std::span<const Builtin> text_filters() { return kFilters; }

}  // namespace kt::core::jinja
