// Answers of supports() that many operators share.
#pragma once

#include "kt/format/dequantize.h"
#include "kt/plugin.hpp"

namespace kt::ref {

inline constexpr const char* kNumerics = "invariant.ref";

// Input `index` is of type `dtype`.
inline Support needs_input(const Node& node, uint32_t index, int32_t dtype) {
  if (index >= node.input_count()) return no("input " + std::to_string(index) + " is missing");
  if (node.input(index).dtype != dtype)
    return no("input " + std::to_string(index) + " has type " + std::to_string(node.input(index).dtype) + ", not " +
              std::to_string(dtype));
  return yes();
}

inline Support all_float(const Node& node) { return node.inputs_are(KT_F32) ? yes() : no("an input is not float32"); }

// Every weight is of a type that can be turned into float.
inline Support known_weights(const Node& node) {
  for (uint32_t i = 0; i < node.weight_count(); ++i)
    if (const KtWeight weight = node.weight(i); format::dequantizer(weight.dtype) == nullptr)
      return no(std::string("weight '") + weight.name + "' has the unknown type " + std::to_string(weight.dtype));
  return yes();
}

inline Support both(const Support& a, const Support& b) { return a.score == 0 ? a : b; }

inline void check_index(int64_t index, int64_t count, const char* what) {
  if (index < 0 || index >= count)
    throw Failure(std::string(what) + " " + std::to_string(index) + " is not in 0.." + std::to_string(count - 1));
}

}  // namespace kt::ref
