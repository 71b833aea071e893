// What kt doctor found, as text of at most 100 columns and as JSON.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"

namespace kt::app {

enum class Grade { kOk, kWarning, kProblem };

struct Finding {
  Grade grade = Grade::kOk;
  std::string topic;  // "memory": a key for scripts
  std::string text;
  std::string fix;  // what to do about it; may be empty
};

struct Marks {
  const char *ok, *warning, *problem;
};

int count(const std::vector<Finding>& findings, Grade grade);
// Findings as a page of two columns, in the order given; long ones have lines of their own. Ends with the line that counts.
std::string findings_text(const std::vector<Finding>& findings, const Marks& marks);
core::Json findings_json(const std::vector<Finding>& findings);

}  // namespace kt::app
