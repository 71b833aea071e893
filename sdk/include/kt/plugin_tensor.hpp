// Views of tensors as typed rows, whatever their rank and strides.
#ifndef KT_PLUGIN_TENSOR_HPP
#define KT_PLUGIN_TENSOR_HPP

#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "kt/abi.h"
#include "kt/plugin_status.hpp"

namespace kt {

// The KtDtype of a C++ element type.
template <class T>
constexpr int32_t dtype_of() {
  using E = std::remove_const_t<T>;
  if constexpr (std::is_same_v<E, float>) return KT_F32;
  if constexpr (std::is_same_v<E, double>) return KT_F64;
  if constexpr (std::is_same_v<E, int32_t>) return KT_I32;
  if constexpr (std::is_same_v<E, int64_t>) return KT_I64;
  if constexpr (std::is_same_v<E, int8_t>) return KT_I8;
  if constexpr (std::is_same_v<E, uint8_t>) return KT_U8;
  return -1;
}

// A tensor [..., dim] as count() rows of dim() elements; rows may be strided, elements of a row lie side by side.
template <class T>
class Rows {
 public:
  explicit Rows(const KtTensor& t) : base_(static_cast<T*>(t.data) + t.offset / sizeof(T)), rank_(t.rank) {
    dim_ = rank_ > 0 ? t.shape[rank_ - 1] : 1;
    for (int32_t d = 0; d + 1 < rank_; ++d) {
      shape_[d] = t.shape[d];
      stride_[d] = t.stride[d];
      count_ *= t.shape[d];
    }
  }

  int64_t count() const { return count_; }
  int64_t dim() const { return dim_; }
  // The first element of row i.
  T* operator[](int64_t i) const {
    if (rank_ <= 1) return base_;
    if (rank_ == 2) return base_ + i * stride_[0];
    if (rank_ == 3) return base_ + (i / shape_[1]) * stride_[0] + (i % shape_[1]) * stride_[1];
    int64_t at = 0;
    for (int32_t d = rank_ - 2; d >= 0; --d) {
      at += (i % shape_[d]) * stride_[d];
      i /= shape_[d];
    }
    return base_ + at;
  }
  std::span<T> row(int64_t i) const { return {(*this)[i], static_cast<size_t>(dim_)}; }

 private:
  T* base_;
  int32_t rank_;
  int64_t count_ = 1, dim_ = 1;
  int64_t shape_[KT_MAX_RANK] = {}, stride_[KT_MAX_RANK] = {};
};

// One tensor of a call. `Const` views give rows of const elements.
template <bool Const>
class TensorView {
 public:
  template <class T>
  using Element = std::conditional_t<Const, const T, T>;

  explicit TensorView(const KtTensor& tensor) : tensor_(tensor) {}

  const KtTensor& raw() const { return tensor_; }
  int32_t dtype() const { return tensor_.dtype; }
  int32_t rank() const { return tensor_.rank; }
  int64_t dim(int32_t d) const { return tensor_.shape[d < 0 ? d + tensor_.rank : d]; }
  int64_t stride(int32_t d) const { return tensor_.stride[d < 0 ? d + tensor_.rank : d]; }  // in elements

  template <class T>
  Rows<Element<T>> rows() const {
    expect<T>();
    return Rows<Element<T>>(tensor_);
  }
  // The first element.
  template <class T>
  Element<T>* data() const {
    expect<T>();
    return static_cast<Element<T>*>(tensor_.data) + tensor_.offset / sizeof(T);
  }
  // A vector, or the only row.
  template <class T>
  std::span<Element<T>> row() const {
    const auto all = rows<T>();
    if (all.count() != 1) throw Failure("a tensor of " + std::to_string(all.count()) + " rows is used as one row");
    return all.row(0);
  }

 private:
  template <class T>
  void expect() const {
    if (tensor_.dtype != dtype_of<T>())
      throw Failure("a tensor of type " + std::to_string(tensor_.dtype) + " is used as type " + std::to_string(dtype_of<T>()));
  }

  const KtTensor& tensor_;
};

// The inputs or the outputs of a call.
template <bool Const>
class TensorList {
 public:
  TensorList(const KtTensor* const* tensors, uint32_t count) : tensors_(tensors), count_(count) {}
  uint32_t size() const { return count_; }
  TensorView<Const> operator[](uint32_t i) const {
    if (i >= count_) throw Failure("tensor " + std::to_string(i) + " of " + std::to_string(count_) + " is asked for");
    return TensorView<Const>(*tensors_[i]);
  }

 private:
  const KtTensor* const* tensors_;
  uint32_t count_;
};

using In = TensorList<true>;
using Out = TensorList<false>;

}  // namespace kt

#endif
