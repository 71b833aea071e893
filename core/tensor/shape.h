// Sizes and texts of tensor shapes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace kt::core {

// "Q4_K", or "type 77" for a number that kt does not know.
std::string dtype_name(int32_t dtype);

// "[384, 64]"
std::string shape_text(std::span<const int64_t> shape);

// Product of the dimensions; nothing if one is negative or the product exceeds 2^63 - 1. A scalar (no dimensions) has one element.
std::optional<uint64_t> element_count(std::span<const int64_t> shape);

// Bytes of a tensor whose rows are whole blocks; nothing if the type is unknown, a row is not, or the size wraps.
std::optional<uint64_t> tensor_bytes(int32_t dtype, std::span<const int64_t> shape);

}  // namespace kt::core
