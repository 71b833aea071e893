// What every error code means: the table behind `kt help KT-Exxxx` and docs/reference/errors.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kt::app {

struct ErrorHelp {
  int code;             // the number of KT-Exxxx
  const char* title;    // a few words
  const char* meaning;  // what failed
  const char* causes;   // why that usually is
  const char* remedy;   // what to do
};

// Every code that kt can produce, ascending.
std::span<const ErrorHelp> error_table();

// The entry of "KT-E0408", "KT-W0203", "E0408" or "408"; null if there is none.
const ErrorHelp* find_error(std::string_view code);

// "KT-E0408"
std::string error_name(int code);
// Title, meaning, causes, remedy and exit code, wrapped to 96 columns.
std::string error_help_text(const ErrorHelp& entry);

}  // namespace kt::app
