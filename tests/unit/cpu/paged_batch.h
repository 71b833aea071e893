// Sequences in pages, a batch of their next rows, and attention over them in double arithmetic.
#pragma once

#include <vector>

#include "tests/unit/cpu/operator_run.h"

namespace kt::test {

struct PagedSegment {
  int32_t first_position = 0, count = 0;
};

struct PagedShape {
  int64_t kv_heads = 1, key_dim = 64, value_dim = 64;  // value_dim 0: latent, no values are kept
  int64_t window = 0;
  int32_t page_size = 32;
  int32_t dtype = KT_F32;
};

// The rows before each segment's first position are random; pages behind the window are freed (-1), and everything that is not a
// row of a sequence is NaN, so that touching it shows.
class PagedBatch {
 public:
  PagedBatch(const PagedShape& shape, std::vector<PagedSegment> segments, uint64_t seed);
  PagedBatch(const PagedBatch&) = delete;
  PagedBatch& operator=(const PagedBatch&) = delete;

  const KtBatch& batch() const { return batch_; }
  const KtPagedState& state() const { return state_; }
  KtPagedState& state() { return state_; }
  int64_t tokens() const { return batch_.token_count; }
  // Element i of the key or value row of a position, as stored.
  float key(int64_t segment, int64_t position, int64_t head, int64_t i) const {
    return element(keys_, segment, position, head, i);
  }
  float value(int64_t segment, int64_t position, int64_t head, int64_t i) const {
    return element(shape_.value_dim > 0 ? values_ : keys_, segment, position, head, i);
  }
  int32_t segment_of(int64_t token) const { return token_segment_[static_cast<size_t>(token)]; }
  int32_t position_of(int64_t token) const { return token_position_[static_cast<size_t>(token)]; }
  // Copies the stored rows of a sequence from another batch whose segment has at least as many.
  void copy_history(int64_t segment, const PagedBatch& from, int64_t from_segment);

  // Row of `dims` values: what a query at a position gets, and in `magnitude` the same with all terms made positive.
  std::vector<double> attend(const float* query, int64_t segment, int64_t position, int64_t head, int64_t dims, double scale,
                             std::vector<double>* magnitude) const;

 private:
  struct Side {
    std::vector<float> floats;
    std::vector<uint16_t> halves;
    KtTensor view{};
    int64_t dim = 0;
  };
  void make_side(Side& side, int64_t pages, int64_t dim);
  size_t index(const Side& side, int64_t segment, int64_t position, int64_t head, int64_t i) const;
  float element(const Side& side, int64_t segment, int64_t position, int64_t head, int64_t i) const;
  void set(Side& side, size_t at, float x);
  void fill_history(Random& random);

  PagedShape shape_;
  std::vector<PagedSegment> segments_;
  Side keys_, values_;
  std::vector<int32_t> table_, begin_, count_, first_, token_segment_, token_position_;
  KtBatch batch_{};
  KtPagedState state_{};
};

}  // namespace kt::test
