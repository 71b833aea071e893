// Items of work on the threads of a call, and pieces of its scratch memory.
#pragma once

#include <algorithm>

#include "kt/plugin.hpp"
#include "plugins/cpu/ops/matrix.h"

namespace kt::cpu {

// Rows of activations that one panel meets at a time: their results stay in the nearest cache.
inline constexpr int64_t kRowsAtOnce = 128;

// Consecutive ranges of items, each half as long as those before it until they are `least` long: long ranges let weights be read
// far ahead, short ones at the end let all threads end together.
class Ranges {
 public:
  Ranges(int64_t items, int64_t least, int32_t threads) : items_(items), least_(least), threads_(threads) {
    for (int64_t begin = 0; begin < items; begin += length(begin) * threads_) count_ += threads_;
  }
  int64_t count() const { return count_; }

  // Range i; it may be empty, for the last round can be too long.
  void get(int64_t i, int64_t& begin, int64_t& end) const {
    begin = 0;
    for (; i >= threads_; i -= threads_) begin += length(begin) * threads_;
    const int64_t here = length(begin);
    begin = std::min(begin + i * here, items_);
    end = std::min(begin + here, items_);
  }

 private:
  int64_t length(int64_t begin) const { return std::max(least_, (items_ - begin) / (2 * threads_)); }

  int64_t items_, least_, threads_, count_ = 0;
};

// f(begin, end) for ranges that make up all items; on the calling thread alone when there is too little to share.
template <class F>
kt::Status for_ranges(kt::Call& call, int64_t items, double nanoseconds_each, F&& f) {
  const int32_t threads = call.threads();
  if (threads == 1 || static_cast<double>(items) * nanoseconds_each < kInlineNanoseconds) {
    if (items > 0) f(int64_t{0}, items);
    return {};
  }
  const Ranges ranges(items, grain_for(items, nanoseconds_each, threads), threads);
  return call.parallel_for(ranges.count(), 1, [&](int64_t first, int64_t last, int32_t) {
    for (int64_t i = first; i < last; ++i) {
      int64_t begin = 0, end = 0;
      ranges.get(i, begin, end);
      if (begin < end) f(begin, end);
    }
  });
}

// f(item) for all items.
template <class F>
kt::Status for_items(kt::Call& call, int64_t items, double nanoseconds_each, F&& f) {
  return for_ranges(call, items, nanoseconds_each, [&](int64_t begin, int64_t end) {
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
