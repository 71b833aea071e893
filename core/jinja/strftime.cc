#include "core/jinja/strftime.h"

#include <cstdio>
#include <ctime>

#include "core/jinja/value.h"

namespace kt::core::jinja {
namespace {

constexpr size_t kMaxFormat = 1000;  // bytes

bool is_date(int year, int month, int day) {
  static constexpr int kDays[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= kDays[month - 1] &&
         !(month == 2 && day == 29 && !leap);
}

Result<std::tm> parse_time(const std::string& now) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  char between = ' ';
  const int fields = std::sscanf(now.c_str(), "%4d-%2d-%2d%c%2d:%2d:%2d", &year, &month, &day, &between, &hour, &minute, &second);
  const bool has_time = fields == 3 || (fields >= 6 && (between == ' ' || between == 'T'));
  if (!has_time || !is_date(year, month, day) || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
    return fail(413, "the time '" + now + "' is not of the form YYYY-MM-DD HH:MM:SS");
  std::tm out{};
  out.tm_year = year - 1900, out.tm_mon = month - 1, out.tm_mday = day;
  out.tm_hour = hour, out.tm_min = minute, out.tm_sec = second;
  std::tm copy = out;  // timegm() fills in the days of week and year
  timegm(&copy);
  out.tm_wday = copy.tm_wday, out.tm_yday = copy.tm_yday;
  return out;
}

std::tm local_time() {
  const std::time_t seconds = std::time(nullptr);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

}  // namespace

Result<std::string> format_time(const std::string& format, const std::string& now) {
  if (format.size() > kMaxFormat) return limit_reached("the format of a time is longer than 1000 bytes");
  const std::tm time = now.empty() ? local_time() : KT_TRY(parse_time(now));
  // Python adds %f (microseconds; a fixed or clock time has none here), and a time without zone has neither %z nor %Z.
  std::string prepared;
  for (size_t i = 0; i < format.size(); ++i) {
    const char next = format[i] == '%' && i + 1 < format.size() ? format[i + 1] : '\0';
    if (next == 'f')
      prepared += "000000";
    else if (next != 'z' && next != 'Z')
      prepared += format.substr(i, next ? 2 : 1);
    i += next != '\0';
  }
  if (prepared.empty()) return std::string();
  std::string out(prepared.size() * 32 + 256, '\0');
  out.resize(std::strftime(out.data(), out.size(), prepared.c_str(), &time));
  return out;
}

}  // namespace kt::core::jinja
