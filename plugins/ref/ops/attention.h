// Causal attention over a paged state.
#pragma once

#include <cmath>
#include <limits>

#include "plugins/ref/kernels/dot.h"
#include "plugins/ref/kernels/paged_rows.h"
#include "plugins/ref/ops/checks.h"

namespace kt::ref {

// The rows of k and v are written to the state first; each query then sees the positions up to its own, the last `window` of them
// if there is a window. Without v the values are the first value_dim dims of the keys. Keys are taken in order of position with a
// running maximum, so a row's result does not depend on what else is in the batch.
struct Attention {
  static constexpr const char* kNumerics = ref::kNumerics;
  static constexpr const char* kHelp = "causal attention over pages, in float64";
  static constexpr Option kOptions[] = {enum_option("cache", "auto", "auto|f32|f16|bf16|q8_0|q4_0",
                                                    "type of the rows that the state keeps; auto: as --cache-type says")};
  static Support supports(const Node& node) { return all_float(node); }

  Status create(const Node& node) {
    window_ = node.int_or("window", 0);
    key_dim_ = node.input_width(0);
    value_dim_ = node.output_width(0);
    return node.read("scale", scale_);
  }
  // A row of sums, of keys and of values a thread.
  uint64_t scratch_size(int64_t, int32_t threads) const { return static_cast<uint64_t>(threads) * thread_bytes(); }

  Status run(Call& call, In in, Out out) {
    if (call.state() == nullptr) return invalid("attention has no state");
    const Cache cache(*call.state(), call.batch());
    check(call, in, cache);
    const Status written = write(call, in, cache);
    if (!written.ok()) return written;
    const auto q = in[0].rows<float>();  // [T * heads, dk]
    const auto y = out[0].rows<float>();
    const int64_t heads = in[0].dim(1), group = heads / cache.keys.heads();
    return call.parallel_for(q.count(), 1, [&](int64_t begin, int64_t end, int32_t thread) {
      auto* sums = call.scratch<double>(static_cast<uint64_t>(thread) * thread_bytes());
      for (int64_t r = begin; r < end; ++r) attend(cache, q[r], r / heads, r % heads / group, sums, y[r]);
    });
  }

 private:
  struct Cache {
    Cache(const KtPagedState& s, const KtBatch& b) : state(s), batch(b), keys(*s.keys), values(s.values ? *s.values : *s.keys) {}

    int64_t page_of(int32_t segment, int64_t position) const {
      return state.block_table[segment * state.table_stride + position / state.page_size];
    }

    const KtPagedState& state;
    const KtBatch& batch;
    PagedRows keys, values;
  };

  uint64_t thread_bytes() const {
    const uint64_t sums = static_cast<uint64_t>(value_dim_) * sizeof(double);
    const auto rows = static_cast<uint64_t>(padded(key_dim_) + padded(value_dim_)) * sizeof(float);
    return (sums + rows + 63) & ~uint64_t{63};
  }

  static int64_t padded(int64_t dim) { return format::cache_row_elements(KT_Q8_0, dim); }

  int64_t first_seen(int64_t position) const { return window_ > 0 && position >= window_ ? position - window_ + 1 : 0; }

  // Pages that will be read or written exist.
  void check(Call& call, In in, const Cache& cache) const {
    const KtBatch& batch = call.batch();
    if (in[0].dim(0) != batch.token_count) throw Failure("the batch has another number of rows than the queries");
    if (cache.keys.dim() != key_dim_ || in[1].dim(1) != cache.keys.heads()) throw Failure("the state does not fit the keys");
    for (int32_t s = 0; s < batch.segment_count; ++s) {
      const int64_t first = batch.first_position[s], last = first + batch.segment_count_of[s] - 1;
      for (int64_t p = first_seen(first) / cache.state.page_size; p <= last / cache.state.page_size; ++p)
        check_index(p < cache.state.table_stride ? cache.page_of(s, p * cache.state.page_size) : -1, cache.keys.pages(), "page");
    }
  }

  Status write(Call& call, In in, const Cache& cache) const {
    const auto k = in[1].rows<float>();  // [T * kv_heads, dk]
    const int64_t heads = cache.keys.heads();
    return call.parallel_for(k.count(), [&](int64_t r) {
      const int64_t token = r / heads, position = cache.batch.token_position[token];
      const int64_t page = cache.page_of(cache.batch.token_segment[token], position), slot = position % cache.state.page_size;
      cache.keys.write(page, slot, r % heads, k[r]);
      if (cache.state.values != nullptr) cache.values.write(page, slot, r % heads, in[2].rows<float>()[r]);
    });
  }

  void attend(const Cache& cache, const float* q, int64_t token, int64_t head, double* sums, float* y) const {
    auto* key_buffer = reinterpret_cast<float*>(sums + value_dim_);
    float* value_buffer = key_buffer + padded(key_dim_);
    const int32_t segment = cache.batch.token_segment[token];
    const int64_t position = cache.batch.token_position[token];
    double highest = -std::numeric_limits<double>::infinity(), total = 0;
    std::fill_n(sums, value_dim_, 0.0);
    for (int64_t p = first_seen(position); p <= position; ++p) {
      const int64_t page = cache.page_of(segment, p), slot = p % cache.state.page_size;
      const float* key = cache.keys.read(page, slot, head, key_buffer);
      const double score = dot(q, key, key_dim_) * scale_;
      if (score > highest) {
        const double shrink = std::exp(highest - score);  // 0 at the first
        for (int64_t i = 0; i < value_dim_; ++i) sums[i] *= shrink;
        total *= shrink;
        highest = score;
      }
      const double share = std::exp(score - highest);
      total += share;
      add_scaled(sums, share, cache.state.values ? cache.values.read(page, slot, head, value_buffer) : key, value_dim_);
    }
    for (int64_t i = 0; i < value_dim_; ++i) y[i] = static_cast<float>(sums[i] / total);
  }

  double scale_ = 1;
  int64_t window_ = 0, key_dim_ = 0, value_dim_ = 0;
};

}  // namespace kt::ref
