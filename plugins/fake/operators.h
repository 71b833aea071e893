// The operators of the device: plain loops with sums in float64.
#pragma once

#include <optional>

#include "kt/format/dequantize.h"
#include "plugins/fake/work.h"

namespace kt::fake {

struct OnDevice {
  static constexpr const char* kDevice = "fake";
  static constexpr const char* kNumerics = "invariant.fake";
};

// A weight [rows, columns] or [matrices, rows, columns] in the memory of the device, turned into float row by row.
class Matrices {
 public:
  Matrices() = default;
  explicit Matrices(const KtWeight& weight) : convert_(format::dequantizer(weight.dtype)), rank_(weight.rank) {
    if (convert_ == nullptr) throw Failure("a weight has an unknown type");
    const KtWeightPart& values = *weight.parts[0];
    for (uint32_t i = 0; i < values.count; ++i) tensors_.push_back(mapped(*values.tensors[i]));
    rows_ = weight.shape[rank_ - 2];
    columns_ = weight.shape[rank_ - 1];
    row_bytes_ = *format::row_bytes(weight.dtype, columns_);
  }

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  void row(int64_t matrix, int64_t row, float* out) const {
    const bool one_a_matrix = rank_ == 3 && tensors_.size() > 1;
    const KtTensor& t = tensors_[one_a_matrix ? static_cast<size_t>(matrix) : 0];
    const int64_t at = one_a_matrix ? row : matrix * rows_ + row;
    convert_(static_cast<const std::byte*>(t.data) + t.offset + at * row_bytes_, out, columns_);
  }

 private:
  format::RowConverter convert_ = nullptr;
  int32_t rank_ = 2;
  std::vector<KtTensor> tensors_;
  int64_t rows_ = 0, columns_ = 0, row_bytes_ = 0;
};

inline double dot(const float* a, const float* b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

// A float32 vector in the memory of the device.
inline const float* vector_of(const KtWeight& weight) {
  const KtTensor t = mapped(*weight.parts[0]->tensors[0]);
  return reinterpret_cast<const float*>(static_cast<const std::byte*>(t.data) + t.offset);
}

struct Linear : OnDevice {
  Status prepare(const Weights& weights) {
    weight_ = Matrices(weights.get("weight"));
    if (const KtWeight* bias = weights.find("bias")) bias_ = vector_of(*bias);
    return {};
  }
  Status run(Call& call, In in, Out out) {
    return queue(call, in, out, [this](const Tensors& t) {
      std::vector<float> row(static_cast<size_t>(weight_.columns()));
      for (int64_t o = 0; o < weight_.rows(); ++o) {
        weight_.row(0, o, row.data());
        for (int64_t r = 0; r < t.x(0).count(); ++r)
          t.y()[r][o] = static_cast<float>(dot(t.x(0)[r], row.data(), weight_.columns()) + (bias_ ? bias_[o] : 0.0f));
      }
    });
  }

  Matrices weight_;
  const float* bias_ = nullptr;
};

// x [T, in] or [T, k, in]; ids [T, k] -> [T, k, out]
struct ExpertLinear : OnDevice {
  Status prepare(const Weights& weights) {
    weight_ = Matrices(weights.get("weight"));
    return {};
  }
  Status run(Call& call, In in, Out out) {
    return queue(call, in, out, [this](const Tensors& t) {
      std::vector<float> row(static_cast<size_t>(weight_.columns()));
      const int64_t slots = t.ids(1).dim();
      const bool row_a_slot = t.in[0].rank == 3;
      for (int64_t r = 0; r < t.y().count(); ++r) {
        const float* x = t.x(0)[row_a_slot ? r : r / slots];
        for (int64_t o = 0; o < weight_.rows(); ++o) {
          weight_.row(t.ids(1)[r / slots][r % slots], o, row.data());
          t.y()[r][o] = static_cast<float>(dot(x, row.data(), weight_.columns()));
        }
      }
    });
  }

  Matrices weight_;
};

// h [T, k, dim]; w [T, k] -> [T, dim]
struct WeightedSum : OnDevice {
  Status run(Call& call, In in, Out out) {
    return queue(call, in, out, [](const Tensors& t) {
      const int64_t slots = t.x(1).dim();
      for (int64_t r = 0; r < t.y().count(); ++r)
        for (int64_t i = 0; i < t.y().dim(); ++i) {
          double sum = 0;
          for (int64_t k = 0; k < slots; ++k) sum += double{t.x(0)[r * slots + k][i]} * double{t.x(1)[r][k]};
          t.y()[r][i] = static_cast<float>(sum);
        }
    });
  }
};

struct RmsNorm : OnDevice {
  Status create(const Node& node) { return node.read("eps", eps_); }
  Status prepare(const Weights& weights) {
    weight_ = vector_of(weights.get("weight"));
    return {};
  }
  Status run(Call& call, In in, Out out) {
    return queue(call, in, out, [this](const Tensors& t) {
      for (int64_t r = 0; r < t.y().count(); ++r) {
        const float* x = t.x(0)[r];
        const int64_t dim = t.y().dim();
        const double scale = 1.0 / std::sqrt(dot(x, x, dim) / static_cast<double>(dim) + eps_);
        for (int64_t i = 0; i < dim; ++i) t.y()[r][i] = static_cast<float>(x[i] * scale * weight_[i]);
      }
    });
  }

  double eps_ = 0;
  const float* weight_ = nullptr;
};

// An operator whose output element is a function of the elements at its place in the inputs.
template <float (*Function)(float, float)>
struct Elementwise : OnDevice {
  Status run(Call& call, In in, Out out) {
    return queue(call, in, out, [](const Tensors& t) {
      const size_t second = t.in.size() - 1;
      for (int64_t r = 0; r < t.y().count(); ++r)
        for (int64_t i = 0; i < t.y().dim(); ++i) t.y()[r][i] = Function(t.x(0)[r][i], t.x(second)[r][i]);
    });
  }
};

inline float add(float a, float b) { return a + b; }
inline float mul(float a, float b) { return a * b; }
inline float silu(float a, float) { return static_cast<float>(a / (1.0 + std::exp(-double{a}))); }

}  // namespace kt::fake
