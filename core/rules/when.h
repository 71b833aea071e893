// The condition of a rule on the machine: device(x) | isa(x) | plugin(x) | free(x) >= SIZE, joined by and, or, not, ( ).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/rules/machine.h"

namespace kt::core {

class Condition {
 public:
  // Offsets in messages count characters from 0.
  static Result<Condition> parse(std::string_view text);

  bool holds(const Machine& machine) const;
  const std::string& text() const { return text_; }

 private:
  struct Term;
  friend class ConditionParser;
  static bool evaluate(const Term& term, const Machine& machine);

  std::string text_;
  std::shared_ptr<const Term> root_;
};

}  // namespace kt::core
