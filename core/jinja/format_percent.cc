#include <cmath>

#include "core/jinja/format.h"
#include "core/jinja/markup.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

class PercentFormatter {
 public:
  PercentFormatter(const Text& pattern, const Value& arguments)
      : pattern_(pattern), text_(pattern.bytes()), arguments_(arguments) {}

  Result<Text> run() {
    while (at_ < text_.size()) {
      const size_t percent = std::min(text_.find('%', at_), text_.size());
      out_.append(pattern_, at_, percent);
      at_ = percent;
      if (at_ < text_.size()) KT_TRY(format_one());
    }
    const bool has_items =
        arguments_.is_sequence() || arguments_.is_dict() || arguments_.is_undefined() || arguments_.as<Range>();
    const bool one_left = !has_items && used_ == 0 && !named_;
    if ((arguments_.is_tuple() && !named_ && used_ < arguments_.sequence().items.size()) || one_left)
      return failure("not all arguments converted during string formatting");
    return std::move(out_);
  }

 private:
  char take() { return at_ < text_.size() ? text_[at_++] : '\0'; }

  Result<Value> next_argument() {
    if (arguments_.is_tuple()) {
      if (used_ >= arguments_.sequence().items.size()) return failure("not enough arguments for format string");
      return arguments_.sequence().items[used_++];
    }
    if (used_++ > 0) return failure("not enough arguments for format string");
    return arguments_;
  }

  // A literal number or '*'.
  Result<int64_t> read_number() {
    if (at_ < text_.size() && text_[at_] == '*') {
      ++at_;
      return to_width(KT_TRY(next_argument()));
    }
    int64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
      value = std::min<int64_t>(value * 10 + (take() - '0'), int64_t{1} << 40);
    return value;
  }

  static Result<int64_t> to_width(const Value& value) {
    if (!value.is_integer()) return failure("* wants int");
    return std::min<int64_t>(value.integer(), int64_t{1} << 40);
  }

  Result<FormatSpec> read_spec() {
    FormatSpec spec;
    for (; at_ < text_.size() && std::string_view("-+ 0#").find(text_[at_]) != std::string_view::npos; ++at_) {
      const char flag = text_[at_];
      if (flag == '-')
        spec.align = '<';
      else if (flag == '0')
        spec.zero = true;
      else if (flag == '#')
        spec.alternate = true;
      else if (spec.sign != '+')
        spec.sign = flag;
    }
    spec.width = KT_TRY(read_number());
    if (spec.width < 0) spec.align = '<', spec.width = -spec.width;
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      spec.precision = KT_TRY(read_number());
    }
    while (at_ < text_.size() && std::string_view("hlL").find(text_[at_]) != std::string_view::npos) ++at_;
    spec.type = take();
    return spec;
  }

  Status format_one() {
    ++at_;
    std::optional<Value> value;
    if (at_ < text_.size() && text_[at_] == '(') {
      const size_t close = text_.find(')', at_);
      if (close == std::string_view::npos) return failure("incomplete format key");
      if (!arguments_.is_dict()) return failure("format requires a mapping");
      const std::string_view key = text_.substr(at_ + 1, close - at_ - 1);
      const Value* found = arguments_.dict().find(key);
      if (!found) return failure("no value " + in_quotes(key) + " for the format string");
      value = *found;
      named_ = true;
      at_ = close + 1;
    }
    const FormatSpec spec = KT_TRY(read_spec());
    if (spec.type == '%') {
      out_.append("%");
      return {};
    }
    if (spec.type == '\0') return failure("incomplete format");
    if (!value) value = KT_TRY(next_argument());
    out_.append(align_text(KT_TRY(convert(*value, spec)), spec, '>'));
    return {};
  }

  Result<Text> convert(const Value& value, const FormatSpec& spec) const {
    switch (spec.type) {
      case 's':
      case 'r':
      case 'a': {
        Text text = spec.type == 's' ? to_text(value) : to_repr(value);
        if (pattern_.markup()) text = escaped(text);
        return spec.precision >= 0 ? text.slice(0, text.byte_of(static_cast<size_t>(spec.precision))) : text;
      }
      case 'c':
        return character(value);
      case 'd':
      case 'i':
      case 'u':
      case 'x':
      case 'X':
      case 'o':
        return integer(value, spec);
      case 'e':
      case 'E':
      case 'f':
      case 'F':
      case 'g':
      case 'G':
        if (value.is_undefined()) return failure(value.undefined().message);
        if (!value.is_number()) return failure(std::string("must be real number, not ") + value.type_name());
        return Text(KT_TRY(format_float(value.number(), spec)));
      default:
        return failure(std::string("unsupported format character '") + spec.type + "'");
    }
  }

  static Result<Text> character(const Value& value) {
    if (value.is_string() && value.text().length() == 1) return value.text();
    if (!value.is_integer() || value.integer() < 0 || value.integer() > 0x10FFFF || (value.integer() >> 11) == 27)
      return failure("%c requires an integer that names a character, or one character");
    Text out;
    out.append_code_point(static_cast<char32_t>(value.integer()), false);
    return out;
  }

  static Result<Text> integer(const Value& value, const FormatSpec& spec) {
    if (value.is_undefined()) return failure(value.undefined().message);
    const bool decimal = spec.type == 'd' || spec.type == 'i' || spec.type == 'u';
    if (!value.is_integer() && !(decimal && value.is_float()))
      return failure(std::string("%") + spec.type + " format: a number is required, not " + value.type_name());
    int64_t whole = 0;
    if (value.is_integer())
      whole = value.integer();
    else if (std::abs(value.number()) < 9.2e18)
      whole = static_cast<int64_t>(value.number());
    else
      return failure("the number does not fit in a 64-bit integer");
    FormatSpec plain = spec;
    if (decimal) plain.type = 'd';
    return Text(KT_TRY(format_integer(whole, plain)));
  }

  const Text& pattern_;
  std::string_view text_;
  const Value& arguments_;
  Text out_;
  size_t at_ = 0, used_ = 0;
  bool named_ = false;
};

}  // namespace

Result<Value> format_percent(Runtime& runtime, const Text& pattern, const Value& arguments) {
  Text text = KT_TRY(PercentFormatter(pattern, arguments).run());
  return runtime.made(text.with_markup(pattern.markup()));
}

}  // namespace kt::core::jinja
