// Dates as text.
#pragma once

#include <string>

#include "core/base/status.h"

namespace kt::core::jinja {

// datetime.strftime(format) of `now` ("2024-07-26 12:34:56", a T between and a missing time are fine), or of the local clock if
// `now` is empty.
Result<std::string> format_time(const std::string& format, const std::string& now);

}  // namespace kt::core::jinja
