#include "apps/kt/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kt::app {
namespace {

constexpr std::chrono::milliseconds kQuietTime{300};

}  // namespace

Console::Console() : terminal_(isatty(STDERR_FILENO) == 1) {
  colour_ = terminal_ && std::getenv("NO_COLOR") == nullptr;
  const char* locale = std::getenv("LC_ALL");
  if (!locale || !*locale) locale = std::getenv("LC_CTYPE");
  if (!locale || !*locale) locale = std::getenv("LANG");
  utf8_ = locale && (std::strstr(locale, "UTF-8") || std::strstr(locale, "utf8"));
}

void Console::note(const std::string& text) const {
  if (!quiet_) std::fprintf(stderr, "%s\n", text.c_str());
}

void Console::warn(const std::string& text) const {
  std::fprintf(stderr, "%s %s\n", colour_ ? "\033[33m!\033[0m" : "!", text.c_str());
}

int Console::report(const core::Error& error) const {
  std::fprintf(stderr, "%s\n", error.text().c_str());
  return core::exit_code(error.code);
}

void Console::progress(const std::string& label, double fraction) {
  const int percent = static_cast<int>(fraction * 100);
  if (!terminal_ || quiet_ || percent == last_percent_) return;
  const auto now = std::chrono::steady_clock::now();
  if (!progress_start_) progress_start_ = now;
  if (now - *progress_start_ < kQuietTime) return;
  last_percent_ = percent;
  constexpr int kWidth = 28;
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < fraction * kWidth ? (utf8_ ? "█" : "#") : (utf8_ ? "░" : ".");
  std::fprintf(stderr, "\r  %s  %s  %3d%%", label.c_str(), bar.c_str(), percent);
}

void Console::clear_progress() {
  if (last_percent_ >= 0) std::fprintf(stderr, "\r\033[K");
  last_percent_ = -1;
  progress_start_.reset();
}

bool Console::answer(const std::string& text) {
  const bool ok =
      output_error_ == 0 && std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!ok && output_error_ == 0) output_error_ = errno;
  return ok;
}

int Console::finish(int code) {
  if (!answer("") && code == 0) {
    // A reader that has seen enough (kt run ... | head) needs no message.
    if (output_error_ != EPIPE)
      report(core::fail(3, std::string("cannot write the output: ") + std::strerror(output_error_), "is the disk full?"));
    return core::exit_code(3);
  }
  return code;
}

std::string Console::grey(const std::string& text) const { return colour_ ? "\033[90m" + text + "\033[0m" : text; }

std::string bytes_text(double bytes) {
  const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  int unit = 0;
  while (bytes >= 1024 && unit < 4) bytes /= 1024, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
  return text;
}

}  // namespace kt::app
