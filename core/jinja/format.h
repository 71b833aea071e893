// Python's two ways to put values into a text: '%s' % value and '{}'.format(value).
#pragma once

#include <string>
#include <string_view>

#include "core/jinja/runtime.h"

namespace kt::core::jinja {

Result<Value> format_percent(Runtime& runtime, const Text& pattern, const Value& arguments);
Result<Value> format_braces(Runtime& runtime, const Text& pattern, const Arguments& arguments);

// How one value is written: [[fill]align][sign][#][0][width][,][.precision][type].
struct FormatSpec {
  std::string fill = " ";
  char align = '\0', sign = '-', type = '\0', grouping = '\0';
  bool alternate = false, zero = false;
  int64_t width = 0, precision = -1;
};

// Numbers by a spec, without fill; the sign is part of the result.
Result<std::string> format_integer(int64_t value, const FormatSpec& spec);
Result<std::string> format_float(double value, const FormatSpec& spec);
// `text` filled up to the width; `align` where the spec has none.
Text align_text(const Text& text, const FormatSpec& spec, char align);

}  // namespace kt::core::jinja
