#include "plugins/cpu/kernels/attention_split.h"

#include <algorithm>
#include <limits>

#include "plugins/cpu/kernels/functions.h"

namespace kt::cpu {
namespace {

constexpr int64_t kPositions = 4;  // rows whose scores are computed together
#if defined(__AVX512F__)
constexpr int kScoreQueries = 4, kValueQueries = 4, kValueVectors = 4;
#else
constexpr int kScoreQueries = 2, kValueQueries = 4, kValueVectors = 2;
#endif
constexpr int64_t kCacheLine = 64;

// Asks for a row that is needed soon, to come as near as the first or the second cache.
template <class T, int Locality>
void prefetch_row(const void* row, int64_t dim) {
  const auto* p = static_cast<const char*>(row);
  for (int64_t i = 0; i < dim * static_cast<int64_t>(sizeof(T)); i += kCacheLine) __builtin_prefetch(p + i, 0, Locality);
}

// scores[q][0..4) = queries[q] . rows[0..4)
template <class T, int N>
void score_tile(const float* queries, int64_t padded, const T* const rows[kPositions], int64_t dim, float* scores) {
  Vec sums[N][kPositions];
  for (auto& of_query : sums)
    for (Vec& sum : of_query) sum = vec_zero();
  const auto add = [&](int64_t i, auto load) {
    Vec keys[kPositions];
    for (int64_t p = 0; p < kPositions; ++p) keys[p] = load(rows[p] + i);
    for (int q = 0; q < N; ++q) {
      const Vec query = vec_load(queries + q * padded + i);
      for (int64_t p = 0; p < kPositions; ++p) sums[q][p] = vec_fma(query, keys[p], sums[q][p]);
    }
  };
  int64_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) add(i, [](const T* p) { return vec_load(p); });
  if (i < dim) add(i, [rest = dim - i](const T* p) { return vec_load_part(p, rest); });
  for (int q = 0; q < N; ++q) vec_sum_four(sums[q][0], sums[q][1], sums[q][2], sums[q][3], scores + q * kSplitPositions);
}

template <class T>
void score_queries(const SplitQueries& queries, const T* const rows[kPositions], int64_t dim, float* scores) {
  int64_t q = 0;
  for (; q + kScoreQueries <= queries.count; q += kScoreQueries)
    score_tile<T, kScoreQueries>(queries.rows + q * queries.padded, queries.padded, rows, dim, scores + q * kSplitPositions);
  for (; q < queries.count; ++q)
    score_tile<T, 1>(queries.rows + q * queries.padded, queries.padded, rows, dim, scores + q * kSplitPositions);
}

// Scores of all positions of [begin, end), rounded out to whole tiles; those outside are of no use.
template <class T>
void score_split(const SplitQueries& queries, const SplitRows& rows, int64_t begin, int64_t end, float* scores) {
  constexpr int64_t kAhead = 4 * kPositions;
  const bool latent = rows.keys == rows.values;
  for (int64_t tile = begin / kPositions * kPositions; tile < end; tile += kPositions) {
    const T* keys[kPositions];
    for (int64_t p = 0; p < kPositions; ++p) {
      const int64_t position = std::clamp(tile + p, begin, end - 1);
      keys[p] = static_cast<const T*>(rows.keys[position]);
      if (tile + p + kAhead < end) prefetch_row<T, 3>(rows.keys[tile + p + kAhead], rows.key_dim);
      if (!latent) prefetch_row<T, 2>(rows.values[position], rows.value_dim);
    }
    score_queries<T>(queries, keys, rows.key_dim, scores + tile);
  }
}

// Turns the scores [begin, end) of a query into weights; gives their maximum and the sum of the weights.
void softmax_split(float* scores, int64_t begin, int64_t end, float* maximum, float* sum) {
  const Vec lowest = vec_set(-std::numeric_limits<float>::infinity());
  const int64_t first = begin / kLanes * kLanes;
  Vec most = lowest;
  for (int64_t i = first; i < end; i += kLanes) {
    const Vec score = vec_select(vec_load(scores + i), lowest, begin - i, end - i);
    most = vec_max(score, most);  // a NaN is passed over here and shows in the sum
  }
  *maximum = vec_largest(most);
  const Vec shift = vec_set(*maximum);
  Vec total = vec_zero();
  for (int64_t i = first; i < end; i += kLanes) {
    const Vec weight = vec_select(vec_exp(vec_load(scores + i) - shift), vec_zero(), begin - i, end - i);
    vec_store(scores + i, weight);
    total = total + weight;
  }
  *sum = vec_sum(total);
}

// values[q][dims] += weights[q][begin..end) * rows[begin..end)[dims] for N queries and D vectors of dims.
template <class T, int N, int D, class Load>
void value_tile(const float* weights, const void* const* rows, int64_t at, int64_t begin, int64_t end, float* values,
                int64_t padded, Load load) {
  Vec sums[N][D];
  for (int q = 0; q < N; ++q)
    for (int d = 0; d < D; ++d) sums[q][d] = vec_load(values + q * padded + d * kLanes);
  for (int64_t p = begin; p < end; ++p) {
    const T* row = static_cast<const T*>(rows[p]) + at;
    Vec value[D];
    for (int d = 0; d < D; ++d) value[d] = load(row + d * kLanes);
    for (int q = 0; q < N; ++q) {
      const Vec weight = vec_set(weights[q * kSplitPositions + p]);
      for (int d = 0; d < D; ++d) sums[q][d] = vec_fma(weight, value[d], sums[q][d]);
    }
  }
  for (int q = 0; q < N; ++q)
    for (int d = 0; d < D; ++d) vec_store(values + q * padded + d * kLanes, sums[q][d]);
}

template <class T, int N>
void add_values(const float* weights, const SplitRows& rows, int64_t begin, int64_t end, float* values, int64_t padded) {
  if (begin >= end) return;
  const auto whole = [](const T* p) { return vec_load(p); };
  int64_t i = 0;
  for (; i + kValueVectors * kLanes <= rows.value_dim; i += kValueVectors * kLanes)
    value_tile<T, N, kValueVectors>(weights, rows.values, i, begin, end, values + i, padded, whole);
  for (; i + kLanes <= rows.value_dim; i += kLanes)
    value_tile<T, N, 1>(weights, rows.values, i, begin, end, values + i, padded, whole);
  const int64_t rest = rows.value_dim - i;
  if (rest > 0)
    value_tile<T, N, 1>(weights, rows.values, i, begin, end, values + i, padded,
                        [rest](const T* p) { return vec_load_part(p, rest); });
}

// Positions that all N queries see are added together, the others of each query before and after them.
template <class T, int N>
void add_values_of(const SplitQueries& queries, int64_t q, const SplitRows& rows, const float* scores, const SplitResult& out) {
  const auto [least, begin] = std::minmax_element(queries.begin + q, queries.begin + q + N);
  const auto [end, most] = std::minmax_element(queries.end + q, queries.end + q + N);
  const int64_t from = *begin, to = std::max(*begin, *end);
  const float* weights = scores + q * kSplitPositions;
  float* values = out.values + q * out.padded;
  if (*least != from)
    for (int i = 0; i < N; ++i)
      add_values<T, 1>(weights + i * kSplitPositions, rows, queries.begin[q + i], std::min<int64_t>(from, queries.end[q + i]),
                       values + i * out.padded, out.padded);
  add_values<T, N>(weights, rows, from, to, values, out.padded);
  if (*most != to)
    for (int i = 0; i < N; ++i)
      add_values<T, 1>(weights + i * kSplitPositions, rows, std::max<int64_t>(to, queries.begin[q + i]), queries.end[q + i],
                       values + i * out.padded, out.padded);
}

template <class T>
void attend(const SplitQueries& queries, const SplitRows& rows, float* scores, const SplitResult& out) {
  int64_t begin = kSplitPositions, end = 0;
  for (int64_t q = 0; q < queries.count; ++q) {
    out.maximum[q] = out.sum[q] = 0;
    if (queries.begin[q] >= queries.end[q]) continue;
    begin = std::min<int64_t>(begin, queries.begin[q]);
    end = std::max<int64_t>(end, queries.end[q]);
  }
  std::fill_n(out.values, queries.count * out.padded, 0.0f);
  if (begin >= end) return;
  score_split<T>(queries, rows, begin, end, scores);
  for (int64_t q = 0; q < queries.count; ++q)
    if (queries.begin[q] < queries.end[q])
      softmax_split(scores + q * kSplitPositions, queries.begin[q], queries.end[q], out.maximum + q, out.sum + q);
  int64_t q = 0;
  for (; q + kValueQueries <= queries.count; q += kValueQueries) add_values_of<T, kValueQueries>(queries, q, rows, scores, out);
  for (; q < queries.count; ++q) add_values_of<T, 1>(queries, q, rows, scores, out);
}

}  // namespace

int64_t padded_dim(int64_t dim) { return (dim + kLanes - 1) / kLanes * kLanes; }

void attend_split(const SplitQueries& queries, const SplitRows& rows, float* scores, const SplitResult& out) {
  switch (rows.type) {
    case PageType::kF32:
      return attend<float>(queries, rows, scores, out);
    case PageType::kF16:
      return attend<F16>(queries, rows, scores, out);
    case PageType::kBf16:
      return attend<Bf16>(queries, rows, scores, out);
  }
}

void merge_split(const SplitResult& state, const SplitResult& next, int64_t count) {
  for (int64_t q = 0; q < count; ++q) {
    if (next.sum[q] == 0) continue;
    float* values = state.values + q * state.padded;
    const float* more = next.values + q * next.padded;
    if (state.sum[q] == 0) {
      state.maximum[q] = next.maximum[q];
      state.sum[q] = next.sum[q];
      std::copy_n(more, state.padded, values);
      continue;
    }
    const float maximum = std::max(state.maximum[q], next.maximum[q]);
    const Vec keep = vec_exp(vec_set(state.maximum[q] - maximum)), add = vec_exp(vec_set(next.maximum[q] - maximum));
    state.maximum[q] = maximum;
    float factors[2][kLanes];
    vec_store(factors[0], keep);
    vec_store(factors[1], add);
    state.sum[q] = state.sum[q] * factors[0][0] + next.sum[q] * factors[1][0];
    for (int64_t i = 0; i < state.padded; i += kLanes)
      vec_store(values + i, vec_fma(vec_load(values + i), keep, vec_load(more + i) * add));
  }
}

void finish_row(const float* values, float sum, int64_t dim, float* out) {
  const Vec factor = vec_set(1.0f / sum);
  for_each_vector(dim, [&](int64_t i, int64_t count) { vec_store_upto(out + i, vec_load(values + i) * factor, count); });
}

}  // namespace kt::cpu
