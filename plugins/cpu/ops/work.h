// Items of work on the threads of a call, and pieces of its scratch memory.
#pragma once

#include "kt/plugin.hpp"
#include "plugins/cpu/ops/matrix.h"

namespace kt::cpu {

// Rows of activations that one panel meets at a time: their results stay in the nearest cache.
inline constexpr int64_t kRowsAtOnce = 128;

// f(item) for all items; on the calling thread alone when there is too little to share.
template <class F>
kt::Status for_items(kt::Call& call, int64_t items, double nanoseconds_each, F&& f) {
  const int32_t threads = call.threads();
  if (threads == 1 || static_cast<double>(items) * nanoseconds_each < kInlineNanoseconds) {
    for (int64_t i = 0; i < items; ++i) f(i);
    return {};
  }
  return call.parallel_for(items, grain_for(items, nanoseconds_each, threads), [&](int64_t begin, int64_t end, int32_t) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

// Takes consecutive 64-byte aligned arrays from a block of memory; without a block it only counts.
class Carver {
 public:
  explicit Carver(unsigned char* base) : base_(base) {}

  template <class T>
  T* take(int64_t count) {
    T* out = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + used_);
    used_ += (static_cast<uint64_t>(count) * sizeof(T) + 63) / 64 * 64;
    return out;
  }
  uint64_t used() const { return used_; }

 private:
  unsigned char* base_;
  uint64_t used_ = 0;
};

// Rows of activations in the form that a kernel wants, and where each lies.
struct ConvertedRows {
  const void** at;
  unsigned char* bytes;

  static ConvertedRows take(Carver& carver, const ActivationForm& form, int64_t columns, int64_t rows) {
    const bool plain = form.kind == ActivationKind::kF32;
    return {carver.take<const void*>(rows), carver.take<unsigned char>(plain ? 0 : rows * activation_row_bytes(form, columns))};
  }

  // Row i of the source becomes row i here; float32 rows are used where they lie.
  void convert(const ActivationForm& form, int64_t columns, const float* row, int64_t i) const {
    at[i] = row;
    if (form.kind == ActivationKind::kF32) return;
    unsigned char* out = bytes + i * activation_row_bytes(form, columns);
    convert_activation(form, row, columns, out);
    at[i] = out;
  }
};

// Roughly, for the choice of grains.
inline double convert_cost(int64_t columns) { return static_cast<double>(columns) * 0.15; }

}  // namespace kt::cpu
