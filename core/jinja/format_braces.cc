#include "core/jinja/format.h"
#include "core/jinja/markup.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

bool is_number_text(std::string_view text) {
  return !text.empty() && text.size() < 10 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<FormatSpec> parse_spec(std::string_view text) {
  FormatSpec spec;
  size_t at = 0;
  const auto is_align = [&](size_t i) {
    return i < text.size() && std::string_view("<>=^").find(text[i]) != std::string_view::npos;
  };
  const size_t first = text.empty() ? 0 : std::min(code_point_size(static_cast<unsigned char>(text[0])), text.size());
  if (first > 0 && is_align(first)) {
    spec.fill = text.substr(0, first);
    spec.align = text[first];
    at = first + 1;
  } else if (is_align(0)) {
    spec.align = text[0];
    at = 1;
  }
  const auto skip = [&](std::string_view set) {
    return at < text.size() && set.find(text[at]) != std::string_view::npos ? text[at++] : '\0';
  };
  const auto number = [&](int64_t missing) {
    int64_t value = missing;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      value = std::min<int64_t>(std::max<int64_t>(value, 0) * 10 + (text[at++] - '0'), int64_t{1} << 40);
    return value;
  };
  if (const char sign = skip("+- ")) spec.sign = sign;
  spec.alternate = skip("#") != '\0';
  if (skip("0") && !spec.align) spec.zero = true;
  spec.width = number(0);
  spec.grouping = skip(",_");
  if (skip(".")) {
    spec.precision = number(-1);
    if (spec.precision < 0) return failure("format specifier missing precision");
  }
  spec.type = skip("bcdeEfFgGnosxX%");
  if (at < text.size()) return failure("invalid format specifier " + in_quotes(text));
  return spec;
}

Result<Text> format_value(const Value& value, std::string_view spec_text) {
  if (spec_text.empty()) return to_text(value);
  const FormatSpec spec = KT_TRY(parse_spec(spec_text));
  if (value.is_string()) {
    if (spec.type != '\0' && spec.type != 's')
      return failure(std::string("unknown format code '") + spec.type + "' for a string");
    Text text = value.text();
    if (spec.precision >= 0) text = text.slice(0, text.byte_of(static_cast<size_t>(spec.precision)));
    return align_text(text, spec, '<');
  }
  if (!value.is_number()) return failure(std::string("unsupported format string passed to ") + value.type_name());
  const bool as_float = value.is_float() || std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos;
  if (value.is_bool() && spec.type == '\0') return align_text(to_text(value), spec, '<');
  if (as_float && spec.type != '\0' && std::string_view("bcdoxX").find(spec.type) != std::string_view::npos)
    return failure(std::string("unknown format code '") + spec.type + "' for a float");
  const bool real = as_float && !(value.is_integer() && spec.type == '\0');
  std::string digits = real ? KT_TRY(format_float(value.number(), spec)) : KT_TRY(format_integer(value.integer(), spec));
  return align_text(Text(digits), spec, '>');
}

class BraceFormatter {
 public:
  BraceFormatter(Runtime* runtime, const Text& pattern, const Arguments& arguments)
      : runtime_(*runtime), pattern_(pattern), text_(pattern.bytes()), arguments_(arguments) {}

  Result<Text> run() {
    while (at_ < text_.size()) {
      const size_t brace = std::min(text_.find_first_of("{}", at_), text_.size());
      out_.append(pattern_, at_, brace);
      at_ = brace;
      if (at_ >= text_.size()) break;
      if (at_ + 1 < text_.size() && text_[at_ + 1] == text_[at_]) {
        out_.append(pattern_, at_, at_ + 1);
        at_ += 2;
        continue;
      }
      if (text_[at_] == '}') return failure("single '}' encountered in format string");
      KT_TRY(format_field());
    }
    return std::move(out_);
  }

 private:
  Status format_field() {
    const size_t begin = at_ + 1;
    int depth = 1;
    size_t end = begin;
    for (; end < text_.size(); ++end) {
      if (text_[end] == '{') ++depth;
      if (text_[end] == '}' && --depth == 0) break;
    }
    if (end >= text_.size()) return failure("expected '}' before end of string");
    std::string_view field = text_.substr(begin, end - begin);
    at_ = end + 1;
    const size_t mark = field.find_first_of(":!");
    std::string spec;
    char conversion = '\0';
    std::string_view rest = mark == std::string_view::npos ? std::string_view() : field.substr(mark);
    field = field.substr(0, mark);
    if (rest.starts_with('!')) {
      conversion = rest.size() > 1 ? rest[1] : '\0';
      rest = rest.size() > 2 ? rest.substr(2) : std::string_view();
    }
    if (!rest.empty()) spec = KT_TRY(expand(rest.substr(1)));
    Value value = KT_TRY(look_up(field));
    if (conversion == 'r' || conversion == 'a')
      value = Value(to_repr(value));
    else if (conversion == 's')
      value = Value(to_text(value));
    else if (conversion != '\0')
      return failure(std::string("unknown conversion specifier '") + conversion + "'");
    Text text = KT_TRY(format_value(value, spec));
    out_.append(pattern_.markup() ? escaped(text) : text);
    return {};
  }

  // Fields inside a spec: "{:{width}}".
  Result<std::string> expand(std::string_view spec) {
    std::string out;
    for (size_t at = 0; at < spec.size();) {
      const size_t open = std::min(spec.find('{', at), spec.size());
      out += spec.substr(at, open - at);
      if (open >= spec.size()) break;
      const size_t close = spec.find('}', open);
      if (close == std::string_view::npos) return failure("expected '}' before end of string");
      out += to_text(KT_TRY(look_up(spec.substr(open + 1, close - open - 1)))).bytes();
      at = close + 1;
    }
    return out;
  }

  // "0.name[key]"
  Result<Value> look_up(std::string_view field) {
    const size_t end = std::min(field.find_first_of(".["), field.size());
    Value value = KT_TRY(argument(field.substr(0, end)));
    for (size_t at = end; at < field.size();) {
      const bool item = field[at] == '[';
      const size_t stop = item ? field.find(']', at) : std::min(field.find_first_of(".[", at + 1), field.size());
      if (stop == std::string_view::npos) return failure("missing ']' in format string");
      const std::string_view name = field.substr(at + 1, stop - at - 1);
      if (item && is_number_text(name))
        value = KT_TRY(get_item(runtime_, value, Value(int64_t{std::stoi(std::string(name))})));
      else if (item)
        value = KT_TRY(get_item(runtime_, value, Value::string(name)));
      else
        value = KT_TRY(get_attribute(runtime_, value, name));
      at = stop + item;
    }
    return value;
  }

  Result<Value> argument(std::string_view name) {
    if (name.empty() || is_number_text(name)) {
      if (numbering_ && *numbering_ != name.empty())
        return failure("fields with and without a number cannot be mixed in a format string");
      numbering_ = name.empty();
    }
    if (name.empty()) name = automatic_ = std::to_string(next_++);
    if (is_number_text(name)) {
      const size_t index = static_cast<size_t>(std::stoi(std::string(name)));
      if (index >= arguments_.positional.size())
        return failure("the format string asks for argument " + std::to_string(index) + ", which is not given");
      return arguments_.positional[index];
    }
    for (const auto& [key, value] : arguments_.keyword)
      if (key == name) return value;
    return failure("the format string asks for " + in_quotes(name) + ", which is not given");
  }

  Runtime& runtime_;
  const Text& pattern_;
  std::string_view text_;
  const Arguments& arguments_;
  Text out_;
  std::string automatic_;
  std::optional<bool> numbering_;  // do fields without a number count by themselves?
  size_t at_ = 0, next_ = 0;
};

}  // namespace

Result<Value> format_braces(Runtime& runtime, const Text& pattern, const Arguments& arguments) {
  Text text = KT_TRY(BraceFormatter(&runtime, pattern, arguments).run());
  return runtime.made(text.with_markup(pattern.markup()));
}

}  // namespace kt::core::jinja
