// A function run in a child process that reports JSON lines; a crash, an exit or a silence of it is a result like others.
#pragma once

#include <functional>
#include <string>

#include "core/base/json.h"
#include "core/base/status.h"

namespace kt::conformance {

// Sends one line to the parent at once.
using Reporter = std::function<void(const core::Json&)>;

// How the child ended.
struct ChildEnd {
  bool complete = false;  // the function returned
  std::string reason;     // otherwise: "was ended by signal 11 (Segmentation fault)", "said nothing for 5 s", ...
};

// Forks; the calling process must have one thread. `on_line` gets each report as it comes. A child that reports nothing for
// `silence` seconds is killed. What the function prints to stdout goes to stderr.
core::Result<ChildEnd> run_in_child(const std::function<void(const Reporter&)>& function,
                                    const std::function<void(const core::Json&)>& on_line, double silence);

}  // namespace kt::conformance
