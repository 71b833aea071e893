// A regular expression over dotted node names, with reasons a person can use when it is wrong or matches nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace kt::core {

class Regex;

class Pattern {
 public:
  // At most 4096 characters, no back-references. The error's message starts with "invalid regex: " or says what is not
  // supported; its place is empty.
  static Result<Pattern> compile(const std::string& text);

  // Whether it is found anywhere in `name`.
  bool search(std::string_view name) const;
  // How many characters of `name` a match from its start gets through before it fails.
  size_t progress(std::string_view name) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace kt::core
