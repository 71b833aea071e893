#include "core/base/status.h"

#include <cstdio>

#include "core/base/printable.h"

namespace kt::core {

std::string Error::text() const {
  char id[16];
  std::snprintf(id, sizeof id, "KT-E%04d", code);
  std::string out;
  if (place.file.empty()) {
    out = "kt: ";
  } else {
    out = printable(place.file) + ":";
    if (place.line > 0) out += std::to_string(place.line) + ":" + std::to_string(place.column) + ":";
    out += " ";
  }
  out += std::string("error[") + id + "]: " + printable(message);
  if (!hint.empty()) out += "\n  hint: " + printable(hint);
  if (!rest.empty()) out += "\n" + rest;
  return out;
}

int exit_code(int error_code) {
  constexpr int kHangs = 620, kHangExit = 70;  // EX_SOFTWARE: what supervises the program starts it again
  if (error_code == kHangs) return kHangExit;
  const int family = error_code / 100;
  if (family >= 3 && family <= 9) return family;
  static constexpr Exit kLow[] = {Exit::kRuntime, Exit::kUsage, Exit::kRules};
  return family >= 0 && family < 3 ? static_cast<int>(kLow[family]) : static_cast<int>(Exit::kRuntime);
}

Status Status::with_context(std::string_view context) && {
  if (!error_) return {};
  error_->message = std::string(context) + ": " + error_->message;
  return std::move(*this);
}

}  // namespace kt::core
