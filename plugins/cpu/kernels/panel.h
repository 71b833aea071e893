// Products of a panel of weight rows with rows of activations: the one kernel behind every operator that multiplies weights.
#pragma once

#include <cstdint>

#include "plugins/cpu/kernels/activation.h"

namespace kt::cpu {

inline constexpr int64_t kPanelRows = 32;

// Consecutive rows of a weight as they lie in the file; `rows` of them (1..kPanelRows) belong to the panel.
struct Panel {
  int32_t dtype;
  const uint8_t* data;
  int64_t row_bytes;
  int64_t rows;
  int64_t columns;
  const uint8_t* next = nullptr;  // weights that will be needed next: asked for while this panel is computed
  int64_t next_bytes = 0;

  int64_t bytes() const { return rows * row_bytes; }
  void then(const Panel& panel) {
    next = panel.data;
    next_bytes = panel.bytes();
  }
};

// out[t * kPanelRows + r] = weight row r times activation row x[t]; values of rows beyond panel.rows are unspecified numbers.
// A result depends on its weight row and its activation row only: the same order of additions whatever `count` is.
using PanelFunction = void (*)(const Panel& panel, const void* const* x, int64_t count, float* out);

struct PanelKernel {
  ActivationForm form;  // of the rows x points at
  PanelFunction run = nullptr;
};

// Asks for all weights of a panel that is computed at once, with none before it that would have asked.
void ask_for(const Panel& panel);

enum class Arithmetic : int32_t { kAuto, kF32, kBf16, kInt8 };

// The kernel for a type of weights, or one without function if nothing converts the type. An arithmetic that a type does not have
// is replaced by the next more exact one. Every type's `columns` must be whole blocks.
PanelKernel find_panel_kernel(int32_t dtype, Arithmetic arithmetic);

// The parts of the table, by arithmetic.
PanelKernel find_int8_kernel(int32_t dtype);
PanelKernel find_bf16_kernel(int32_t dtype);
PanelKernel find_f32_kernel(int32_t dtype);

}  // namespace kt::cpu
