// --profile: where the time of runs went, as a table, as JSON, and as a trace for a viewer.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "apps/kt/program.h"
#include "core/exec/profile.h"
#include "core/serve/runtime.h"

namespace kt::app {

void add_profile_flag(CLI::App* verb, std::string& flag);

class Profiling {
 public:
  // `flag` as given: empty or "false" is off, "true" is the table alone, else a file for the trace, which is opened at once.
  // KT-E0102.
  static core::Result<Profiling> open(const std::string& flag);

  // Records what this runtime runs from now on; it must live until finish().
  void attach(core::Runtime& runtime);
  bool on() const { return profile_ != nullptr; }
  // [{"phase", "runs", "rows", "ms", "between_steps_ms", "operators": [{"class", "operator", "nodes", "calls", "ms", "share",
  // "gb_s"}]}]
  core::Json json() const;
  // Writes the table to stderr and the trace to its file, and stops recording.
  core::Status finish(const Console& console);

 private:
  core::Status write_trace();

  std::unique_ptr<core::Profile> profile_;
  core::Runtime* runtime_ = nullptr;
  std::string path_;
  std::ofstream file_;
};

}  // namespace kt::app
