// Products of one row of weights in the files' own format with one or a few vectors of floats, in exact float32 arithmetic.
#pragma once

#include <cstdint>

namespace kt::cpu {

// Converts `elements` of a row of blocks to floats.
using RowConverter = void (*)(const void* blocks, float* out, int64_t elements);

// The converter of a KtDtype: vectorised for F32, F16, BF16 and Q8_0, that of kt/format/dequantize.h for the others; null if
// unknown.
RowConverter row_converter(int32_t dtype);

// A matrix of weights whose rows lie `row_bytes` apart.
struct WeightRows {
  const void* data = nullptr;
  int64_t row_bytes = 0;
  int64_t columns = 0;
  RowConverter convert = nullptr;

  const void* row(int64_t i) const { return static_cast<const char*>(data) + i * row_bytes; }
};

// out[t * out_stride + r] = weights row (begin + r) . x[t * x_stride], for r of [0, rows) and t of [0, count). `room` holds
// `columns` floats. Sums run over the columns in an order that does not depend on count.
void project_rows(const WeightRows& weights, int64_t begin, int64_t rows, const float* x, int64_t x_stride, int64_t count,
                  float* out, int64_t out_stride, float* room);

// out[t * out_stride + c] = sum over rows r of x[t * x_stride + r] * weights row r [c], r ascending. `room` holds `columns`
// floats a row of kTransposedRows.
inline constexpr int64_t kTransposedRows = 8;
void project_transposed(const WeightRows& weights, int64_t rows, const float* x, int64_t x_stride, int64_t count, float* out,
                        int64_t out_stride, float* room);

}  // namespace kt::cpu
