// Weights as the kernels want them: where the rows of each expert (or head) lie, and the kernel for their type.
#pragma once

#include <string>
#include <vector>

#include "kt/plugin.hpp"
#include "plugins/cpu/kernels/panel.h"

namespace kt::cpu {

// A weight [rows, columns] or [experts, rows, columns].
struct Matrix {
  int32_t dtype = 0;
  int64_t rows = 0, columns = 0, row_bytes = 0;
  std::vector<const uint8_t*> experts;  // first row of each; one for a weight without experts
  PanelKernel kernel;

  int64_t panels() const { return (rows + kPanelRows - 1) / kPanelRows; }
  Panel panel(int64_t expert, int64_t index) const;
  double panel_bytes() const { return static_cast<double>(row_bytes) * kPanelRows; }
};

// Throws kt::Failure with the reason if the weight cannot be used.
Matrix read_matrix(const KtWeight& weight, Arithmetic arithmetic);

// The option of every operator that multiplies weights.
inline constexpr kt::Option kActivationsOption =
    kt::enum_option("activations", "auto", "auto|f32|bf16|int8",
                    "arithmetic of the products; auto takes the fast one for the type of the weight, f32 for rows below 512");
Arithmetic parse_arithmetic(const std::string& text);

// Whether kernels exist for the weights named and all inputs but those in `integers` are float32.
kt::Support supports_weights(const kt::Node& node, std::initializer_list<const char*> parameters);

// Nanoseconds that a panel against `count` rows of activations takes, roughly: for the choice of grains only.
double panel_cost(const Matrix& matrix, int64_t count);
// Items to claim at once so that a claim is worth its price and the last ones end together.
int64_t grain_for(int64_t items, double nanoseconds_each, int32_t threads);
// Below this it does not pay to wake another thread.
inline constexpr double kInlineNanoseconds = 15000;

}  // namespace kt::cpu
