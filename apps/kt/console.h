// What the program writes for people: everything but the answer goes to stderr, with colour only on a terminal.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/base/status.h"

namespace kt::app {

class Console {
 public:
  Console();
  void set_quiet(bool quiet) { quiet_ = quiet; }
  void set_colour(bool colour) { colour_ = colour_ && colour; }

  bool is_terminal() const { return terminal_; }
  // A line on stderr; left out with --quiet.
  void note(const std::string& text) const;
  void warn(const std::string& text) const;
  // "kt: error[KT-E....]: ..." on stderr; returns the exit code.
  int report(const core::Error& error) const;
  // A bar that is redrawn in place on a terminal, once the work has taken a moment, and left out elsewhere.
  void progress(const std::string& label, double fraction);
  void clear_progress();

  // The answer on stdout, at once. False once stdout cannot be written any more.
  bool answer(const std::string& text);
  // Flushes stdout; the exit code of a program that would have ended with `code`: 1 if stdout could not be written.
  int finish(int code);

  std::string grey(const std::string& text) const;
  const char* ok_mark() const { return utf8_ ? "✓" : "ok"; }
  const char* fail_mark() const { return utf8_ ? "✗" : "x"; }
  const char* dot() const { return utf8_ ? "·" : "-"; }  // between the parts of a line
  const char* times() const { return utf8_ ? "×" : "x"; }

 private:
  bool terminal_, colour_, utf8_;
  bool quiet_ = false;
  int last_percent_ = -1;
  std::optional<std::chrono::steady_clock::time_point> progress_start_;
  int output_error_ = 0;  // errno of the first failed write to stdout
};

// "12.3 MiB"
std::string bytes_text(double bytes);

}  // namespace kt::app
