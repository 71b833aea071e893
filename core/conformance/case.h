// One case: a node of a class with its inputs, weights, attributes and batch, and how far a result may be from the oracle's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kt/model_graph.hpp"
#include "core/conformance/batch.h"
#include "core/conformance/weights.h"

namespace kt::conformance {

class Evaluation;

// The arithmetic an operator is allowed by its option "activations"; float32 without it.
enum class Activations { kF32, kBf16, kInt8 };

// The allowed absolute difference of every element of every output.
using Bounds = std::vector<std::vector<double>>;
using BoundFunction = std::function<Bounds(const Evaluation&, Activations)>;

enum class InputKind {
  kNormal,     // float32 from a normal distribution; the fourth of more than four rows is zero
  kWide,       // float32, twenty times as wide
  kPositive,   // float32 in (0, 1)
  kFewValues,  // float32, one of 0, 0.25, 0.5, 0.75: many are equal
  kIds,        // int32 below `limit`, different within a row
  kPositions,  // int32, the positions of the batch
  kOutputs     // int32 rows of the batch, [O]
};

struct Input {
  InputKind kind = InputKind::kNormal;
  std::vector<int64_t> shape;  // behind the dimension of tokens
  int64_t limit = 0;
};

struct Case {
  std::string class_name;
  std::string name;
  std::vector<Input> inputs;
  // Builds the node or module, named `node_name`, from its inputs.
  std::function<std::vector<Value>(GraphBuilder&, const std::vector<Value>&)> build;
  BoundFunction bounds;
  std::string node_name = "node";
  int32_t weight_dtype = KT_F32;
  WeightForm weight_form = WeightForm::kWhole;
  std::vector<SegmentShape> segments = {{0, 17, 0}};
  int32_t page_dtype = KT_F32, page_size = 8;
  bool ids_decide = false;  // its outputs hang on comparisons of its inputs, so a NaN has no defined result
  int64_t gap = 0;          // unused elements after each row of inputs and outputs
};

// All cases of all classes.
std::vector<Case> all_cases();
std::vector<Case> linear_cases();
std::vector<Case> moe_cases();
std::vector<Case> attention_cases();
std::vector<Case> row_cases();
std::vector<Case> elementwise_cases();
std::vector<Case> layout_cases();

}  // namespace kt::conformance
