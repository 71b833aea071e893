// Turns one piece of text into tokens.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kt::core {

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  // Appends the tokens of `piece`, which is valid UTF-8 and not empty.
  virtual void encode(std::string_view piece, std::vector<int32_t>* ids) const = 0;
};

}  // namespace kt::core
