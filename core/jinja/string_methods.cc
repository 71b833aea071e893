#include <algorithm>

#include "core/jinja/format.h"
#include "core/jinja/markup.h"
#include "core/jinja/methods.h"
#include "core/jinja/repr.h"
#include "core/jinja/string_tools.h"
#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

using Function = Result<Value> (*)(Runtime&, const Value&, const Bound&);

template <Text (*convert)(const Text&)>
Result<Value> converted(Runtime& runtime, const Value& self, const Bound&) {
  return runtime.made(convert(self.text()));
}

template <Side side>
Result<Value> stripped(Runtime& runtime, const Value& self, const Bound& arguments) {
  std::optional<Text> characters;
  if (arguments.given(0)) characters = KT_TRY(to_string(arguments[0], "the set of characters to strip"));
  return runtime.made(strip(self.text(), side, characters));
}

Result<int64_t> integer_or(const Bound& arguments, size_t i, int64_t missing) {
  if (!arguments.has(i)) return missing;
  return to_integer(arguments[i], "the count");
}

// At least as many as the parts at `separator`, or at white space; a step each, before they take memory.
int64_t most_parts(std::string_view text, const std::optional<std::string_view>& separator, int64_t most) {
  int64_t parts = 1;
  if (separator) {
    for (size_t at = text.find(*separator); at != text.npos; at = text.find(*separator, at + separator->size())) ++parts;
  } else {
    parts += static_cast<int64_t>(text.size() / 2);
  }
  return most < 0 || most >= parts ? parts : most + 1;
}

template <std::vector<Text> (*splitter)(const Text&, const std::optional<std::string_view>&, int64_t)>
Result<Value> split_by(Runtime& runtime, const Value& self, const Bound& arguments) {
  Text separator;
  std::optional<std::string_view> view;
  if (arguments.given(0)) {
    separator = KT_TRY(to_string(arguments[0], "the separator"));
    if (separator.empty()) return failure("empty separator");
    view = separator.bytes();
  }
  const int64_t most = KT_TRY(integer_or(arguments, 1, -1));
  KT_TRY(runtime.charge(most_parts(self.text().bytes(), view, most)));
  std::vector<Value> items;
  for (Text& text : splitter(self.text(), view, most)) items.push_back(KT_TRY(runtime.made(std::move(text))));
  return make_list(std::move(items));
}

Result<Value> splitlines(Runtime& runtime, const Value& self, const Bound& arguments) {
  KT_TRY(runtime.charge(most_parts(self.text().bytes(), "\n", -1)));
  std::vector<Value> items;
  for (Text& text : split_lines(self.text(), arguments.has(0) && arguments[0].truthy())) {
    KT_TRY(runtime.charge(1));
    items.push_back(KT_TRY(runtime.made(std::move(text))));
  }
  return make_list(std::move(items));
}

// The bytes between two optional indices of code points; nothing if `start` lies behind the end.
struct Window {
  size_t begin, end;
};
Result<std::optional<Window>> window(const Text& text, const Bound& arguments, size_t first) {
  const int64_t length = static_cast<int64_t>(text.length());
  int64_t bounds[2] = {0, length};
  for (size_t i = 0; i < 2; ++i) {
    if (!arguments.given(first + i)) continue;
    int64_t at = KT_TRY(to_integer(arguments[first + i], "the index"));
    if (at < 0) at = std::max<int64_t>(at + length, 0);
    bounds[i] = i == 1 ? std::min(at, length) : at;
  }
  if (bounds[0] > bounds[1]) return std::optional<Window>();
  return std::optional<Window>({text.byte_of(static_cast<size_t>(bounds[0])), text.byte_of(static_cast<size_t>(bounds[1]))});
}

template <bool at_start>
Result<Value> has_affix(Runtime& runtime, const Value& self, const Bound& arguments) {
  const auto range = KT_TRY(window(self.text(), arguments, 1));
  std::vector<Value> candidates = {arguments[0]};
  if (arguments[0].is_tuple()) candidates = KT_TRY(to_vector(runtime, arguments[0]));
  for (const Value& candidate : candidates) {
    const Text affix = KT_TRY(to_string(candidate, at_start ? "the prefix" : "the suffix"));
    if (!range) continue;
    const std::string_view part = std::string_view(self.text().bytes()).substr(range->begin, range->end - range->begin);
    if (at_start ? part.starts_with(affix.bytes()) : part.ends_with(affix.bytes())) return Value(true);
  }
  return Value(false);
}

template <bool from_right, bool must_be_there>
Result<Value> find_in(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text& text = self.text();
  const Text wanted = KT_TRY(to_string(arguments[0], "the text looked for"));
  KT_TRY(runtime.charge(static_cast<int64_t>(text.size() / 1024)));
  const auto range = KT_TRY(window(text, arguments, 1));
  size_t found = std::string_view::npos;
  if (range) {
    const std::string_view part = std::string_view(text.bytes()).substr(range->begin, range->end - range->begin);
    found = from_right ? part.rfind(wanted.bytes()) : part.find(wanted.bytes());
  }
  if (found != std::string_view::npos) return Value(static_cast<int64_t>(text.slice(0, range->begin + found).length()));
  if (must_be_there) return failure("substring not found");
  return Value(int64_t{-1});
}

Result<Value> count_in(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text wanted = KT_TRY(to_string(arguments[0], "the text counted"));
  KT_TRY(runtime.charge(static_cast<int64_t>(self.text().size() / 1024)));
  const auto range = KT_TRY(window(self.text(), arguments, 1));
  if (!range) return Value(int64_t{0});
  const Text part = self.text().slice(range->begin, range->end);
  if (wanted.empty()) return Value(static_cast<int64_t>(part.length()) + 1);
  int64_t count = 0;
  for (size_t at = 0; (at = part.bytes().find(wanted.bytes(), at)) != std::string::npos; at += wanted.size()) ++count;
  return Value(count);
}

Result<Value> replaced(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text from = KT_TRY(to_string(arguments[0], "the text to replace"));
  Text to = KT_TRY(to_string(arguments[1], "the replacement"));
  if (self.text().markup()) to = escaped(to);
  return runtime.made(replace(self.text(), from.bytes(), to, KT_TRY(integer_or(arguments, 2, -1))));
}

Result<Value> join_method(Runtime& runtime, const Value& self, const Bound& arguments) {
  std::vector<Text> texts;
  const bool markup = self.text().markup();
  for (const Value& item : KT_TRY(to_vector(runtime, arguments[0]))) {
    if (!item.is_string() && !markup) return failure(std::string("join() expects strings, found ") + item.type_name());
    texts.push_back(markup ? escaped(to_text(item)) : item.text());
  }
  return runtime.made(join(self.text(), texts).with_markup(markup));
}

template <bool prefix>
Result<Value> without_affix(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text affix = KT_TRY(to_string(arguments[0], prefix ? "the prefix" : "the suffix"));
  const Text& text = self.text();
  if (prefix && text.bytes().starts_with(affix.bytes())) return runtime.made(text.slice(affix.size(), text.size()));
  if (!prefix && text.bytes().ends_with(affix.bytes())) return runtime.made(text.slice(0, text.size() - affix.size()));
  return self;
}

template <bool from_right>
Result<Value> partition(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text separator = KT_TRY(to_string(arguments[0], "the separator"));
  if (separator.empty()) return failure("empty separator");
  const Text& text = self.text();
  const Value nothing(Text().with_markup(text.markup()));
  const size_t found = from_right ? text.bytes().rfind(separator.bytes()) : text.bytes().find(separator.bytes());
  if (found == std::string::npos)
    return make_tuple(from_right ? std::vector<Value>{nothing, nothing, self} : std::vector<Value>{self, nothing, nothing});
  const Value before = KT_TRY(runtime.made(text.slice(0, found)));
  const Value after = KT_TRY(runtime.made(text.slice(found + separator.size(), text.size())));
  return make_tuple({before, Value(separator.with_markup(text.markup())), after});
}

enum class Justify { kLeft, kRight, kCenter };

template <Justify justify>
Result<Value> justified(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t width = KT_TRY(to_integer(arguments[0], "the width"));
  Text fill(" ");
  if (arguments.has(1)) fill = KT_TRY(to_string(arguments[1], "the fill character"));
  if (fill.length() != 1) return failure("the fill character must be exactly one character long");
  const int64_t total = std::max<int64_t>(width, 0) - static_cast<int64_t>(self.text().length());
  if (total <= 0) return self;
  const int64_t left = justify == Justify::kLeft ? 0 : justify == Justify::kRight ? total : left_of_center(total, width);
  return runtime.made(pad(self.text(), left, total - left, fill));
}

Result<Value> zfill(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text& text = self.text();
  const int64_t zeros = std::max<int64_t>(KT_TRY(to_integer(arguments[0], "the width")), 0) - static_cast<int64_t>(text.length());
  if (zeros <= 0) return self;
  const size_t sign = !text.empty() && (text.bytes()[0] == '+' || text.bytes()[0] == '-');
  Text out = text.slice(0, sign);
  out.append(pad(text.slice(sign, text.size()), zeros, 0, Text("0")));
  return runtime.made(std::move(out));
}

Result<Value> expandtabs(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t size = KT_TRY(integer_or(arguments, 0, 8));
  Text out;
  int64_t column = 0;
  for_each_code_point(self.text(), [&](char32_t c, bool is_input) {
    if (c != '\t') {
      out.append_code_point(c, is_input);
      column = c == '\n' || c == '\r' ? 0 : column + 1;
      return;
    }
    for (int64_t i = size > 0 ? size - column % size : 0; i > 0 && !out.overflowed(); --i, ++column) out.append(" ", is_input);
  });
  return runtime.made(out.with_markup(self.text().markup()));
}

// All code points hold, and there is one.
template <bool (*holds)(char32_t)>
Result<Value> all_of(Runtime&, const Value& self, const Bound&) {
  bool all = !self.text().empty();
  for_each_code_point(self.text(), [&](char32_t c, bool) { all = all && holds(c); });
  return Value(all);
}

bool is_ascii(char32_t c) { return c < 0x80; }

Result<Value> isascii(Runtime&, const Value& self, const Bound&) {
  bool all = true;
  for_each_code_point(self.text(), [&](char32_t c, bool) { all = all && is_ascii(c); });
  return Value(all);
}

Result<Value> istitle(Runtime&, const Value& self, const Bound&) {
  bool inside = false, any = false, good = true;
  for_each_code_point(self.text(), [&](char32_t c, bool) {
    if (is_upper(c))
      good = good && !inside;
    else if (is_lower(c))
      good = good && inside;
    inside = is_cased(c);
    any |= inside;
  });
  return Value(good && any);
}

template <bool upper>
Result<Value> is_case(Runtime&, const Value& self, const Bound&) {
  return Value(upper ? is_upper_text(self.text()) : is_lower_text(self.text()));
}

Result<Value> format_method(Runtime& runtime, const Value& self, const Bound& arguments) {
  return format_braces(runtime, self.text(), arguments.rest);
}

Result<Value> format_map(Runtime& runtime, const Value& self, const Bound& arguments) {
  if (!arguments[0].is_dict()) return failure("format_map() takes a mapping");
  Arguments named;
  for (const auto& [name, value] : arguments[0].dict().items())
    if (name.is_string()) named.keyword.emplace_back(name.text().bytes(), value);
  return format_braces(runtime, self.text(), named);
}

constexpr Builtin kMethods[] = {
    {"capitalize", "/", converted<to_capital>},
    {"casefold", "/", converted<fold_case>},
    {"center", "width fill? /", justified<Justify::kCenter>},
    {"count", "sub start? end? /", count_in},
    {"endswith", "suffix start? end? /", has_affix<false>},
    {"expandtabs", "tabsize?", expandtabs},
    {"find", "sub start? end? /", find_in<false, false>},
    {"format", "*", format_method},
    {"format_map", "mapping /", format_map},
    {"index", "sub start? end? /", find_in<false, true>},
    {"isalnum", "/", all_of<is_alnum>},
    {"isalpha", "/", all_of<is_alpha>},
    {"isascii", "/", isascii},
    {"isdecimal", "/", all_of<is_decimal>},
    {"isdigit", "/", all_of<is_digit>},
    {"islower", "/", is_case<false>},
    {"isnumeric", "/", all_of<is_numeric>},
    {"isspace", "/", all_of<is_space>},
    {"istitle", "/", istitle},
    {"isupper", "/", is_case<true>},
    {"join", "iterable /", join_method},
    {"ljust", "width fill? /", justified<Justify::kLeft>},
    {"lower", "/", converted<to_lower>},
    {"lstrip", "chars? /", stripped<Side::kLeft>},
    {"partition", "sep /", partition<false>},
    {"removeprefix", "prefix /", without_affix<true>},
    {"removesuffix", "suffix /", without_affix<false>},
    {"replace", "old new count? /", replaced},
    {"rfind", "sub start? end? /", find_in<true, false>},
    {"rindex", "sub start? end? /", find_in<true, true>},
    {"rjust", "width fill? /", justified<Justify::kRight>},
    {"rpartition", "sep /", partition<true>},
    {"rsplit", "sep? maxsplit?", split_by<split_from_right>},
    {"rstrip", "chars? /", stripped<Side::kRight>},
    {"split", "sep? maxsplit?", split_by<split>},
    {"splitlines", "keepends?", splitlines},
    {"startswith", "prefix start? end? /", has_affix<true>},
    {"strip", "chars? /", stripped<Side::kBoth>},
    {"swapcase", "/", converted<swap_case>},
    {"title", "/", converted<to_title>},
    {"upper", "/", converted<to_upper>},
    {"zfill", "width /", zfill},
};

}  // namespace

const Builtin* find_string_method(std::string_view name) { return find(kMethods, name); }

}  // namespace kt::core::jinja
