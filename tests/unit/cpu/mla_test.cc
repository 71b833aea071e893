// Absorbed latent attention: against double arithmetic, with weights in several formats and forms.
#include "plugins/cpu/ops/mla.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "kt/format/float16.h"
#include "tests/unit/cpu/paged_batch.h"

namespace kt::cpu {
namespace {

using test::PagedBatch;
using test::PagedSegment;
using test::Random;
using test::Tensor;
using test::TestNode;
using test::TestWeight;

struct Shape {
  int64_t heads = 3, nope = 24, rope = 8, rank = 64, value = 20;
};

// Values [heads, rows, columns] in a format, and the floats that they stand for.
struct Weight {
  TestWeight weight;
  std::vector<float> values;

  Weight(const char* name, std::vector<int64_t> shape, int32_t dtype, bool one_a_head, uint64_t seed) {
    Random random(seed);
    weight = {name, dtype, shape, {}};
    const auto each = static_cast<size_t>(shape[1] * shape[2]);
    for (int64_t h = 0; h < shape[0]; ++h) {
      if (h == 0 || one_a_head) weight.tensors.emplace_back();
      for (size_t i = 0; i < each;) dtype == KT_Q8_0 ? add_block(random, i) : add_element(random, dtype, i);
    }
  }
  double at(int64_t h, int64_t r, int64_t c) const {
    return values[static_cast<size_t>((h * weight.shape[1] + r) * weight.shape[2] + c)];
  }

 private:
  void add_element(Random& random, int32_t dtype, size_t& i) {
    float x = random();
    if (dtype == KT_F32) {
      append(&x, sizeof x);
    } else {
      const uint16_t bits = dtype == KT_F16 ? format::f16_from_f32(x) : format::bf16_from_f32(x);
      append(&bits, sizeof bits);
      x = dtype == KT_F16 ? format::f32_from_f16(bits) : format::f32_from_bf16(bits);
    }
    values.push_back(x);
    ++i;
  }
  void add_block(Random& random, size_t& i) {
    const uint16_t scale = format::f16_from_f32(random.uniform(0.001f, 0.01f));
    append(&scale, sizeof scale);
    for (int j = 0; j < 32; ++j, ++i) {
      const auto q = static_cast<int8_t>(random.below(255) - 127);
      append(&q, 1);
      values.push_back(static_cast<float>(q) * format::f32_from_f16(scale));
    }
  }
  void append(const void* data, size_t size) {
    const auto* bytes = static_cast<const unsigned char*>(data);
    weight.tensors.back().insert(weight.tensors.back().end(), bytes, bytes + size);
  }
};

struct Mla {
  Shape s;
  std::vector<PagedSegment> segments;
  int32_t page_dtype = KT_F32, uk_dtype = KT_F32, uv_dtype = KT_F32;
  bool one_a_head = false;
};

// Inputs, weights and output of one run.
struct Rows {
  Tensor q_nope, q_rope, latent, k_rope, out;
  Weight uk, uv;

  Rows(const Mla& m, int64_t tokens)
      : uk("w_uk.weight", {m.s.heads, m.s.nope, m.s.rank}, m.uk_dtype, m.one_a_head, 5),
        uv("w_uv.weight", {m.s.heads, m.s.value, m.s.rank}, m.uv_dtype, m.one_a_head, 6) {
    Random random(4);
    const Shape& s = m.s;
    q_nope = Tensor::floats({tokens, s.heads, s.nope}, 5).fill(random);
    q_rope = Tensor::floats({tokens, s.heads, s.rope}, 2).fill(random);
    latent = Tensor::floats({tokens, s.rank}, 7).fill(random);
    k_rope = Tensor::floats({tokens, 1, s.rope}, 1).fill(random);
    out = Tensor::floats({tokens, s.heads * s.value}, 3);
  }
  // Takes the inputs of row t of `all` as its only row.
  void take(const Rows& all, int64_t t, const Shape& s) {
    for (int64_t h = 0; h < s.heads; ++h) {
      std::copy_n(all.q_nope.row(t * s.heads + h), s.nope, q_nope.row(h));
      std::copy_n(all.q_rope.row(t * s.heads + h), s.rope, q_rope.row(h));
    }
    std::copy_n(all.latent.row(t), s.rank, latent.row(0));
    std::copy_n(all.k_rope.row(t), s.rope, k_rope.row(0));
  }
};

constexpr double kAttentionScale = 0.125;

test::PagedShape pages_of(const Mla& m) {
  return {.kv_heads = 1, .key_dim = m.s.rank + m.s.rope, .value_dim = 0, .dtype = m.page_dtype};
}

void run_rows(Rows& rows, PagedBatch& batch, int32_t threads) {
  const TestNode node{.attributes = {{"scale", kAttentionScale}},
                      .options = {{"activations", "f32"}},
                      .weights = {rows.uk.weight, rows.uv.weight}};
  const auto result = test::run<MlaCore>(node, {&rows.q_nope, &rows.q_rope, &rows.latent, &rows.k_rope}, {&rows.out}, threads,
                                         &batch.batch(), &batch.state());
  ASSERT_EQ(result.status, KT_OK) << result.error;
  EXPECT_TRUE(rows.out.gaps_untouched());
}

void check(const Mla& m, int32_t threads) {
  const Shape& s = m.s;
  PagedBatch batch(pages_of(m), m.segments, 3);
  const int64_t tokens = batch.tokens();
  Rows rows(m, tokens);
  run_rows(rows, batch, threads);
  const double scale = kAttentionScale;
  for (int64_t t = 0; t < tokens; ++t)
    for (int64_t h = 0; h < s.heads; ++h) {
      std::vector<double> absorbed(static_cast<size_t>(s.rank)), magnitude;
      std::vector<float> query(static_cast<size_t>(s.rank + s.rope));
      for (int64_t r = 0; r < s.rank; ++r)
        for (int64_t n = 0; n < s.nope; ++n)
          absorbed[static_cast<size_t>(r)] += rows.q_nope.row(t * s.heads + h)[n] * rows.uk.at(h, n, r);
      std::copy(absorbed.begin(), absorbed.end(), query.begin());
      std::copy_n(rows.q_rope.row(t * s.heads + h), s.rope, query.begin() + s.rank);
      const auto mixed = batch.attend(query.data(), batch.segment_of(t), batch.position_of(t), 0, s.rank, scale, &magnitude);
      double score = 0;
      for (const float q : query) score += std::fabs(q);
      // Errors of the scores, through the softmax; sums over positions; then of the product with w_uv.
      const double bound = 0x1p-24 * (2 * score * scale * static_cast<double>(s.nope + s.rank / 8 + 8) + 256 + 64 +
                                      static_cast<double>(s.rank) / 8);
      for (int64_t v = 0; v < s.value; ++v) {
        double exact = 0, size = 0;
        for (int64_t r = 0; r < s.rank; ++r) {
          exact += mixed[static_cast<size_t>(r)] * rows.uv.at(h, v, r);
          size += magnitude[static_cast<size_t>(r)] * std::fabs(rows.uv.at(h, v, r));
        }
        ASSERT_NEAR(rows.out.row(t)[h * s.value + v], exact, bound * size) << "token " << t << " head " << h << " value " << v;
      }
    }
}

TEST(CpuMla, MatchesDoubleArithmetic) {
  check({.segments = {{0, 3}, {300, 1}}}, 1);
  check({.s = {.heads = 17, .nope = 33, .rope = 6, .rank = 50, .value = 37}, .segments = {{600, 2}}}, 3);
}

TEST(CpuMla, ReadsWeightsInEveryFormat) {
  for (const int32_t dtype : {KT_F32, KT_F16, KT_BF16, KT_Q8_0})
    for (const bool one_a_head : {false, true})
      check({.s = {.heads = 2, .nope = 16, .rope = 8, .rank = 288, .value = 33},
             .segments = {{0, 2}, {40, 1}},
             .page_dtype = KT_BF16,
             .uk_dtype = dtype,
             .uv_dtype = dtype,
             .one_a_head = one_a_head},
            1);
}

TEST(CpuMla, LongPrefillsRunInParts) { check({.segments = {{5, 40}, {0, 30}}}, 3); }

TEST(CpuMla, ThreadsAndBatchMatesDoNotChangeARow) {
  const Mla m{
      .s = {.heads = 6, .nope = 16, .rope = 8, .rank = 64, .value = 40}, .segments = {{700, 1}, {0, 45}}, .page_dtype = KT_F16};
  PagedBatch together(pages_of(m), m.segments, 3);
  Rows rows(m, together.tokens());
  run_rows(rows, together, 3);
  for (int64_t t = 0; t < together.tokens(); ++t) {
    PagedBatch alone(pages_of(m), {{together.position_of(t), 1}}, 99);
    alone.copy_history(0, together, together.segment_of(t));
    Rows row(m, 1);
    row.take(rows, t, m.s);
    run_rows(row, alone, 1);
    for (int64_t i = 0; i < row.out.dim(); ++i) ASSERT_EQ(row.out.row(0)[i], rows.out.row(t)[i]) << "token " << t;
  }
}

TEST(CpuMla, WeightsOfAnotherShapeAreRefused) {
  const Shape s;
  PagedBatch batch({.kv_heads = 1, .key_dim = s.rank + s.rope, .value_dim = 0}, {{0, 1}}, 3);
  const Tensor q_nope = Tensor::floats({1, s.heads, s.nope}), q_rope = Tensor::floats({1, s.heads, s.rope});
  const Tensor latent = Tensor::floats({1, s.rank}), k_rope = Tensor::floats({1, 1, s.rope});
  Tensor out = Tensor::floats({1, s.heads * s.value});
  const Weight uk("w_uk.weight", {s.heads, s.nope + 1, s.rank}, KT_F32, false, 5),
      uv("w_uv.weight", {s.heads, s.value, s.rank}, KT_F32, false, 6);
  const TestNode node{.attributes = {{"scale", 0.1}}, .weights = {uk.weight, uv.weight}};
  EXPECT_EQ(test::run<MlaCore>(node, {&q_nope, &q_rope, &latent, &k_rope}, {&out}, 1, &batch.batch(), &batch.state()).status,
            KT_INVALID);
}

}  // namespace
}  // namespace kt::cpu
