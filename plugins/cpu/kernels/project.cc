#include "plugins/cpu/kernels/project.h"

#include <algorithm>

#include "kt/abi.h"
#include "kt/format/dequantize.h"
#include "plugins/cpu/kernels/convert.h"

namespace kt::cpu {
namespace {

#if defined(__AVX512F__)
constexpr int kRowsTogether = 4;
#else
constexpr int kRowsTogether = 2;
#endif

template <class T>
void convert(const void* blocks, float* out, int64_t elements) {
  convert_row(static_cast<const T*>(blocks), out, elements);
}

void convert_q8_0(const void* blocks, float* out, int64_t elements) {
  constexpr int64_t kBlock = 32, kBytes = 34;
  const auto* block = static_cast<const unsigned char*>(blocks);
  for (int64_t i = 0; i < elements; i += kBlock, block += kBytes) {
    F16 scale;
    std::memcpy(&scale, block, sizeof scale);
    const Vec factor = vec_set(_cvtsh_ss(scale.bits));
    for (int64_t j = 0; j < kBlock; j += kLanes)
      vec_store(out + i + j, vec_load(reinterpret_cast<const int8_t*>(block + 2 + j)) * factor);
  }
}

// Dot products of one row of weights with N vectors; each sums lanes of two strands and then over one tree.
template <int N>
void dot(const float* weights, const float* x, int64_t stride, int64_t n, float* out, int64_t out_stride) {
  Vec sums[N][2];
  for (auto& sum : sums) sum[0] = sum[1] = vec_zero();
  int64_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    const Vec w0 = vec_load(weights + i), w1 = vec_load(weights + i + kLanes);
    for (int t = 0; t < N; ++t) {
      sums[t][0] = vec_fma(w0, vec_load(x + t * stride + i), sums[t][0]);
      sums[t][1] = vec_fma(w1, vec_load(x + t * stride + i + kLanes), sums[t][1]);
    }
  }
  for (; i < n; i += kLanes) {
    const int64_t count = std::min(kLanes, n - i);
    const Vec w = vec_load_upto(weights + i, count);
    for (int t = 0; t < N; ++t) sums[t][0] = vec_fma(w, vec_load_upto(x + t * stride + i, count), sums[t][0]);
  }
  for (int t = 0; t < N; ++t) out[t * out_stride] = vec_sum(sums[t][0] + sums[t][1]);
}

// out[t][c..c+D vectors) += x[t][0..rows) * weights[0..rows)[c..), rows ascending
template <int N, int D>
void add_tile(const float* weights, int64_t columns, int64_t rows, const float* x, int64_t x_stride, float* out,
              int64_t out_stride, int64_t width) {
  Vec sums[N][D];
  for (int t = 0; t < N; ++t)
    for (int d = 0; d < D; ++d) sums[t][d] = vec_load_upto(out + t * out_stride + d * kLanes, width);
  for (int64_t r = 0; r < rows; ++r) {
    Vec w[D];
    for (int d = 0; d < D; ++d) w[d] = vec_load_upto(weights + r * columns + d * kLanes, width);
    for (int t = 0; t < N; ++t) {
      const Vec factor = vec_set(x[t * x_stride + r]);
      for (int d = 0; d < D; ++d) sums[t][d] = vec_fma(factor, w[d], sums[t][d]);
    }
  }
  for (int t = 0; t < N; ++t)
    for (int d = 0; d < D; ++d) vec_store_upto(out + t * out_stride + d * kLanes, sums[t][d], width);
}

template <int N>
void add_rows(const float* weights, int64_t columns, int64_t rows, const float* x, int64_t x_stride, float* out,
              int64_t out_stride) {
  constexpr int kVectors = 4;
  int64_t c = 0;
  for (; c + kVectors * kLanes <= columns; c += kVectors * kLanes)
    add_tile<N, kVectors>(weights + c, columns, rows, x, x_stride, out + c, out_stride, kLanes);
  for (; c < columns; c += kLanes)
    add_tile<N, 1>(weights + c, columns, rows, x, x_stride, out + c, out_stride, std::min(kLanes, columns - c));
}

}  // namespace

RowConverter row_converter(int32_t dtype) {
  switch (dtype) {
    case KT_F32:
      return convert<float>;
    case KT_F16:
      return convert<F16>;
    case KT_BF16:
      return convert<Bf16>;
    case KT_Q8_0:
      return convert_q8_0;
    default:
      return kt::format::dequantizer(dtype);
  }
}

void project_rows(const WeightRows& weights, int64_t begin, int64_t rows, const float* x, int64_t x_stride, int64_t count,
                  float* out, int64_t out_stride, float* room) {
  for (int64_t r = 0; r < rows; ++r) {
    weights.convert(weights.row(begin + r), room, weights.columns);
    int64_t t = 0;
    for (; t + 4 <= count; t += 4)
      dot<4>(room, x + t * x_stride, x_stride, weights.columns, out + t * out_stride + r, out_stride);
    for (; t < count; ++t) dot<1>(room, x + t * x_stride, x_stride, weights.columns, out + t * out_stride + r, out_stride);
  }
}

void project_transposed(const WeightRows& weights, int64_t rows, const float* x, int64_t x_stride, int64_t count, float* out,
                        int64_t out_stride, float* room) {
  for (int64_t t = 0; t < count; ++t) std::fill_n(out + t * out_stride, weights.columns, 0.0f);
  for (int64_t r = 0; r < rows; r += kTransposedRows) {
    const int64_t some = std::min(kTransposedRows, rows - r);
    for (int64_t i = 0; i < some; ++i) weights.convert(weights.row(r + i), room + i * weights.columns, weights.columns);
    int64_t t = 0;
    for (; t + kRowsTogether <= count; t += kRowsTogether)
      add_rows<kRowsTogether>(room, weights.columns, some, x + t * x_stride + r, x_stride, out + t * out_stride, out_stride);
    for (; t < count; ++t)
      add_rows<1>(room, weights.columns, some, x + t * x_stride + r, x_stride, out + t * out_stride, out_stride);
  }
}

}  // namespace kt::cpu
