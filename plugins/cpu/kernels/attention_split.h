// Attention of a few queries over one split of a sequence: 256 positions that start at a multiple of 256.
//
// A query's result over its whole sequence is the merge, in ascending order, of its results over the splits. Within a split the
// order of every sum depends on the position in the split only, so that a row comes out equal to the bit however its batch is
// made up and however the work is divided.
#pragma once

#include <cstdint>

namespace kt::cpu {

inline constexpr int64_t kSplitPositions = 256;
inline constexpr int64_t kSplitQueries = 16;  // queries that share the loads of a split's rows

enum class PageType { kF32, kF16, kBf16 };

// Queries are rows of `padded` floats, already scaled, with zeros behind key_dim; `begin..end` of each is what it sees of the
// split.
struct SplitQueries {
  int64_t count = 0;
  const float* rows = nullptr;
  int64_t padded = 0;
  int32_t begin[kSplitQueries];
  int32_t end[kSplitQueries];
};

// Rows of the split by position; only those that some query sees are read. `values` may be `keys` (latent form).
struct SplitRows {
  PageType type = PageType::kF32;
  int64_t key_dim = 0, value_dim = 0;
  const void* const* keys = nullptr;
  const void* const* values = nullptr;
};

// Softmax-weighted sums that are not yet normalised: with weights e^(score - maximum), `sum` is that of the weights and
// row i of `values` ([count, padded]) that of the weighted values. sum 0: nothing was seen.
struct SplitResult {
  float* maximum;
  float* sum;
  float* values;
  int64_t padded;
};

// Floats a row of `dim` takes in queries and results.
int64_t padded_dim(int64_t dim);

// `scores` is room for kSplitQueries * kSplitPositions floats.
void attend_split(const SplitQueries& queries, const SplitRows& rows, float* scores, const SplitResult& out);

// Adds `next`, the result of the following split, to `state`.
void merge_split(const SplitResult& state, const SplitResult& next, int64_t count);

// out[i] = values[i] / sum
void finish_row(const float* values, float sum, int64_t dim, float* out);

}  // namespace kt::cpu
