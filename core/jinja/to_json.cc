#include "core/jinja/to_json.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/jinja/compare.h"
#include "core/jinja/object.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  Status write(const Value& value, int depth) {
    if (out_.overflowed()) return {};
    if (value.is_none())
      out_.append("null");
    else if (value.is_bool())
      out_.append(value.boolean() ? "true" : "false");
    else if (value.is_integer())
      out_.append(std::to_string(value.integer()));
    else if (value.is_float())
      out_.append(number(value.number()));
    else if (value.is_string())
      write_string(value.text());
    else if (value.is_sequence())
      return write_list(value.sequence(), depth + 1);
    else if (value.is_dict())
      return write_dict(value.dict(), depth + 1);
    else
      return failure(std::string("a value of type ") + value.type_name() + " is not JSON serializable" +
                     (value.is_undefined() ? ": " + value.undefined().message : ""));
    return {};
  }

  Text take() { return std::move(out_); }

 private:
  static std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return float_text(value);
  }

  void append_unit(unsigned unit, bool is_input) {
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "\\u%04x", unit);
    out_.append(buffer, is_input);
  }

  void write_string(const Text& text) {
    out_.append("\"");
    for_each_code_point(text, [&](char32_t c, bool is_input) {
      static constexpr std::string_view kFrom = "\"\\\n\r\t\b\f", kTo = "\"\\nrtbf";
      const size_t plain = c < 0x80 ? kFrom.find(static_cast<char>(c)) : std::string_view::npos;
      if (plain != std::string_view::npos)
        out_.append(std::string("\\") + kTo[plain], is_input);
      else if (c < 0x20 || (style_.ensure_ascii && c > 0x7E && c < 0x10000))
        append_unit(static_cast<unsigned>(c), is_input);
      else if (style_.ensure_ascii && c >= 0x10000) {
        append_unit(0xD800 + static_cast<unsigned>((c - 0x10000) >> 10), is_input);
        append_unit(0xDC00 + static_cast<unsigned>((c - 0x10000) & 0x3FF), is_input);
      } else {
        out_.append_code_point(c, is_input);
      }
    });
    out_.append("\"");
  }

  void new_line(int depth) {
    if (!style_.indent) return;
    out_.append("\n");
    for (int i = 0; i < depth && !out_.overflowed(); ++i) out_.append(*style_.indent);
  }

  Status write_list(const Sequence& list, int depth) {
    out_.append("[");
    for (size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) out_.append(style_.item_separator);
      new_line(depth);
      KT_TRY(write(list.items[i], depth));
    }
    if (!list.items.empty()) new_line(depth - 1);
    out_.append("]");
    return {};
  }

  Status write_key(const Value& key) {
    if (key.is_string())
      write_string(key.text());
    else if (key.is_float())
      write_string(Text(number(key.number())));
    else if (key.is_none() || key.is_bool())
      write_string(Text(key.is_none() ? "null" : key.boolean() ? "true" : "false"));
    else if (key.is_integer())
      write_string(Text(std::to_string(key.integer())));
    else
      return failure(std::string("keys must be str, int, float, bool or None, not ") + key.type_name());
    return {};
  }

  Status write_dict(const Dict& dict, int depth) {
    auto items = dict.items();
    if (style_.sort_keys) {
      Status status;
      std::stable_sort(items.begin(), items.end(), [&](const auto& a, const auto& b) {
        auto result = order(a.first, b.first);
        if (!result.ok() && status.ok()) status = result.status();
        return result.ok() && *result < 0;
      });
      KT_TRY(std::move(status));
    }
    out_.append("{");
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(style_.item_separator);
      new_line(depth);
      KT_TRY(write_key(items[i].first));
      out_.append(style_.key_separator);
      KT_TRY(write(items[i].second, depth));
    }
    if (!items.empty()) new_line(depth - 1);
    out_.append("}");
    return {};
  }

  const JsonStyle& style_;
  Text out_;
};

}  // namespace

Result<Text> to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  KT_TRY(writer.write(value, 0));
  return writer.take().tainted();
}

}  // namespace kt::core::jinja
