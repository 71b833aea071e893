// A stretch of a prompt.
#pragma once

#include <string>

namespace kt::core {

struct TextPart {
  std::string text;
  bool is_input = false;  // written by a user: nothing in it, nor across its borders, becomes a control token
};

}  // namespace kt::core
