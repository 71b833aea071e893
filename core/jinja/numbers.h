// Numbers that strings hold, by Python's rules for int() and float().
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kt::core::jinja {

struct IntegerText {
  std::optional<int64_t> value;  // empty: no integer
  bool overflow = false;         // an integer beyond 64 bits
};

// Base 0 reads the prefixes 0x, 0o and 0b.
IntegerText parse_integer(std::string_view text, int64_t base);
std::optional<double> parse_float(std::string_view text);

}  // namespace kt::core::jinja
