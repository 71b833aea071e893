// Cases of Attention and MlaCore: heads, windows, page types, batches of segments with and without a past.
#include "core/conformance/bounds.h"
#include "kt/format/dtype.h"

namespace kt::conformance {
namespace {

struct AttentionCase {
  const char* name;
  int64_t heads, kv_heads, key_dim, value_dim;  // value_dim 0: latent, the first `latent` dims of the keys
  int64_t latent = 0, window = 0;
  std::vector<SegmentShape> segments;
  int32_t page_dtype = KT_F32, page_size = 8;
  double sharpness = 1;  // on the usual scale
};

const std::vector<SegmentShape> kOne = {{0, 17, 0}};
const std::vector<SegmentShape> kMixed = {{0, 17, 0}, {30, 1, 1}, {5, 3, 2}, {63, 9, 3}};
const std::vector<SegmentShape> kDecode = {{40, 1, 0}, {0, 1, 1}, {15, 1, 2}, {16, 1, 3}, {99, 1, 4}};

std::vector<AttentionCase> shapes() {
  return {{"one segment", 4, 4, 16, 16, 0, 0, kOne},
          {"one head of one dim", 1, 1, 1, 1, 0, 0, kOne},
          {"grouped", 8, 2, 16, 16, 0, 0, kMixed},
          {"grouped, odd dims", 6, 2, 17, 15, 0, 0, kMixed},
          {"decode", 8, 4, 32, 32, 0, 0, kDecode},
          {"decode, odd dims", 3, 1, 33, 31, 0, 0, kDecode},
          {"window", 4, 2, 16, 16, 0, 7, kMixed},
          {"window of one", 4, 2, 16, 16, 0, 1, kMixed},
          {"window, decode", 4, 2, 24, 24, 0, 16, kDecode, KT_F32, 4},
          {"float16 pages", 4, 2, 32, 32, 0, 0, kMixed, KT_F16, 16},
          {"bfloat16 pages", 4, 2, 33, 17, 0, 0, kMixed, KT_BF16, 32},
          {"bfloat16 pages, window", 4, 2, 64, 64, 0, 9, kMixed, KT_BF16, 4},
          {"latent", 4, 1, 40, 0, 32, 0, kMixed},
          {"latent, decode", 16, 1, 72, 0, 64, 0, kDecode},
          {"latent, bfloat16 pages", 5, 1, 41, 0, 33, 0, kMixed, KT_BF16, 8},
          {"sharp", 4, 2, 16, 16, 0, 0, kMixed, KT_F32, 8, 30.0},
          {"long", 2, 1, 16, 16, 0, 0, {{300, 1, 0}, {250, 60, 1}}, KT_F32, 32},
          {"pages of one", 2, 1, 8, 8, 0, 0, kMixed, KT_F32, 1},
          {"q8_0 pages", 4, 2, 64, 32, 0, 0, kMixed, KT_Q8_0, 16},
          {"q8_0 pages, window, decode", 6, 2, 32, 96, 0, 9, kDecode, KT_Q8_0, 4},
          {"q4_0 pages, odd dims", 4, 2, 33, 80, 0, 0, kMixed, KT_Q4_0, 32},
          {"latent, q8_0 pages", 5, 1, 96, 0, 64, 0, kMixed, KT_Q8_0, 8},
          {"latent, q4_0 pages", 5, 1, 96, 0, 70, 0, kDecode, KT_Q4_0, 8}};
}

void add_attention(std::vector<Case>& out) {
  int turn = 0;
  for (const AttentionCase& a : shapes()) {
    Case c{.class_name = "Attention", .name = a.name};
    c.inputs = {{.shape = {a.heads, a.key_dim}}, {.shape = {a.kv_heads, a.key_dim}}};
    if (a.value_dim > 0) c.inputs.push_back({.shape = {a.kv_heads, a.value_dim}});
    c.build = [a](GraphBuilder& g, const std::vector<Value>& v) {
      NodeSpec spec{.name = "node", .class_name = "Attention", .inputs = v};
      spec.attributes = {{"scale", a.sharpness / std::sqrt(static_cast<double>(a.key_dim))}, {"window", a.window}};
      if (a.latent > 0) spec.attributes.push_back({"value_dim", a.latent});
      spec.state = g.paged_state("cache", a.kv_heads, a.key_dim, a.value_dim, a.window);
      return std::vector{g.node(spec)};
    };
    c.bounds = [](const Evaluation& e, Activations) { return Bounds{attention_bound(e, e.node(), no_error(e.input(0)))}; };
    c.segments = a.segments;
    c.page_dtype = a.page_dtype;
    c.page_size = a.page_size;
    c.gap = turn++ % 3;
    out.push_back(std::move(c));
  }
}

// Rounding of the absorbed queries reaches the scores, that of the mix reaches the last product.
Bounds mla_bounds(const Evaluation& e, Activations activations) {
  const core::Node &absorb = e.inner("w_uk"), &attention = e.inner("attn"), &restore = e.inner("w_uv");
  const Data& q = e.input(0);
  const Errors absorbed = product_bound(e, absorb, {q}, no_error(q), activations);
  const Data &query = e.input_of(attention, 0), &latent = e.output_of(absorb);
  Errors query_error = no_error(query);
  const int64_t rank = latent.shape[2], dim = query.shape[2];
  for (int64_t r = 0; r < latent.shape[0] * latent.shape[1]; ++r)
    for (int64_t i = 0; i < rank; ++i)
      query_error[static_cast<size_t>(r * dim + i)] = absorbed[static_cast<size_t>(r * rank + i)];
  const Errors mixed = attention_bound(e, attention, query_error);
  return {product_bound(e, restore, {e.output_of(attention)}, mixed, activations)};
}

struct MlaCase {
  const char* name;
  int32_t dtype;
  int64_t heads, nope, rope, rank, value;
  std::vector<SegmentShape> segments;
  int32_t page_dtype = KT_F32;
  WeightForm form = WeightForm::kWhole;
};

void add_mla(std::vector<Case>& out) {
  const MlaCase cases[] = {{"F32, one segment", KT_F32, 2, 8, 4, 16, 8, kOne},
                           {"F32, odd dims", KT_F32, 3, 7, 6, 17, 9, kMixed},
                           {"BF16", KT_BF16, 4, 16, 8, 32, 16, kMixed},
                           {"BF16, decode, split weights", KT_BF16, 4, 24, 16, 64, 32, kDecode, KT_F32, WeightForm::kSplit},
                           {"BF16, bfloat16 pages", KT_BF16, 4, 16, 8, 33, 16, kMixed, KT_BF16},
                           {"F16, float16 pages", KT_F16, 2, 16, 8, 48, 24, kDecode, KT_F16},
                           {"Q8_0", KT_Q8_0, 4, 32, 16, 64, 32, kMixed},
                           {"BF16, q8_0 pages", KT_BF16, 4, 16, 16, 64, 16, kMixed, KT_Q8_0},
                           {"BF16, q4_0 pages, decode", KT_BF16, 4, 24, 16, 80, 32, kDecode, KT_Q4_0}};
  int turn = 0;
  for (const MlaCase& m : cases) {
    Case c{.class_name = "MlaCore", .name = m.name};
    c.inputs = {{.shape = {m.heads, m.nope}}, {.shape = {m.heads, m.rope}}, {.shape = {m.rank}}, {.shape = {1, m.rope}}};
    c.build = [m](GraphBuilder& g, const std::vector<Value>& v) {
      const double scale = 1.0 / std::sqrt(static_cast<double>(m.nope + m.rope));
      const State cache = g.paged_state("cache", 1, m.rank + m.rope, 0);
      const NodeSpec spec{.name = "node", .class_name = "MlaCore", .inputs = v, .attributes = {{"scale", scale}}, .state = cache};
      return std::vector{g.module(spec, [&] {
        const Value query = g.binary("query", "Concat", g.head_linear("w_uk", v[0], m.heads, m.rank, true), v[1]);
        const Value key = g.binary("key", "Concat", g.split_heads("latent_head", v[2], 1), v[3]);
        const Value mixed = g.node({.name = "attn",
                                    .class_name = "Attention",
                                    .inputs = {query, key},
                                    .attributes = {{"scale", scale}, {"window", int64_t{0}}, {"value_dim", m.rank}},
                                    .state = cache});
        return g.merge_heads("heads", g.head_linear("w_uv", mixed, m.heads, m.value, false));
      })};
    };
    c.bounds = mla_bounds;
    c.weight_dtype = m.dtype;
    c.weight_form = m.form;
    c.segments = m.segments;
    c.page_dtype = m.page_dtype;
    c.gap = turn++ % 2;
    out.push_back(std::move(c));
  }
}

}  // namespace

std::vector<Case> attention_cases() {
  std::vector<Case> out;
  add_attention(out);
  add_mla(out);
  return out;
}

}  // namespace kt::conformance
