// Cases of Embedding, Linear, HeadLinear and ExpertLinear: every type of weight, sizes around vector widths and blocks.
#include "kt/format/dtype.h"
#include "core/conformance/bounds.h"

namespace kt::conformance {
namespace {

struct Sizes {
  int64_t in, out;
  int32_t rows;
};

// Sizes that fit the blocks of a type.
std::vector<Sizes> sizes_for(const format::DtypeInfo& type) {
  if (type.block_elements == 1)
    return {{1, 1, 1},   {7, 3, 2},   {15, 16, 3}, {16, 17, 8},  {17, 15, 9},
            {31, 4, 17}, {33, 33, 5}, {64, 8, 17}, {127, 9, 33}, {300, 5, 4}};
  if (type.block_elements == 32) return {{32, 1, 1}, {64, 7, 2}, {96, 16, 17}, {160, 17, 8}, {288, 33, 33}};
  if (type.block_elements == 64) return {{64, 1, 1}, {192, 17, 17}, {320, 5, 4}};
  return {{256, 1, 1}, {256, 17, 17}, {512, 5, 8}, {768, 16, 33}};
}

// Types of floating-point weights.
std::vector<const format::DtypeInfo*> weight_types() {
  std::vector<const format::DtypeInfo*> out;
  for (const format::DtypeInfo& type : format::kDtypes) {
    const bool integer = (type.dtype >= KT_I8 && type.dtype <= KT_F64) || type.dtype >= KT_U8;
    if (!integer && type.dtype != KT_Q8_1 && type.dtype != KT_Q8_K) out.push_back(&type);
  }
  return out;
}

std::string name_of(const format::DtypeInfo& type, const Sizes& s) {
  return std::string(type.name) + " " + std::to_string(s.in) + " -> " + std::to_string(s.out) + ", " + std::to_string(s.rows) +
         " rows";
}

Bounds product_bounds(const Evaluation& e, Activations activations) {
  std::vector<Data> inputs;
  for (size_t i = 0; i < e.node().inputs.size(); ++i) inputs.push_back(e.input(i));
  Errors out = product_bound(e, e.node(), inputs, no_error(inputs[0]), activations);
  for (size_t i = 0; i < out.size(); ++i) out[i] += std::abs(double{e.output(0).floats()[i]}) * 2 * kUnit;  // a bias
  return {out};
}

void add_linear(std::vector<Case>& out) {
  int turn = 0;
  for (const format::DtypeInfo* type : weight_types())
    for (const Sizes& s : sizes_for(*type)) {
      const bool bias = ++turn % 3 == 0;
      Case c{.class_name = "Linear", .name = name_of(*type, s) + (bias ? ", bias" : ""), .inputs = {{.shape = {s.in}}}};
      c.build = [s, bias](GraphBuilder& g, const std::vector<Value>& in) {
        return std::vector{g.linear("node", in[0], s.out, bias)};
      };
      c.bounds = product_bounds;
      c.weight_dtype = type->dtype;
      c.weight_form = turn % 4 == 1 ? WeightForm::kUnaligned : WeightForm::kWhole;
      c.segments = {{0, s.rows, 0}};
      c.gap = turn % 2;
      out.push_back(std::move(c));
    }
  for (const int32_t dtype : {KT_F32, KT_F16, KT_BF16, KT_Q8_0, KT_Q4_0, KT_Q4_K, KT_Q6_K}) {
    const Sizes s{1024, 133, 70};
    Case c{.class_name = "Linear", .name = name_of(*format::dtype_info(dtype), s), .inputs = {{.shape = {s.in}}}};
    c.build = [s](GraphBuilder& g, const std::vector<Value>& in) { return std::vector{g.linear("node", in[0], s.out)}; };
    c.bounds = product_bounds;
    c.weight_dtype = dtype;
    c.segments = {{0, s.rows, 0}};
    out.push_back(std::move(c));
  }
  Case heads{.class_name = "Linear", .name = "F32 on [T, 3, 20]", .inputs = {{.shape = {3, 20}}}};
  heads.build = [](GraphBuilder& g, const std::vector<Value>& in) { return std::vector{g.linear("node", in[0], 7)}; };
  heads.bounds = product_bounds;
  out.push_back(std::move(heads));
}

void add_head_linear(std::vector<Case>& out) {
  int turn = 0;
  for (const int32_t dtype : {KT_F32, KT_F16, KT_BF16, KT_Q8_0, KT_Q4_0, KT_Q4_K, KT_Q6_K})
    for (const bool transposed : {false, true}) {
      const format::DtypeInfo& type = *format::dtype_info(dtype);
      const int64_t block = type.block_elements == 1 ? 17 : type.block_elements, other = 13 + ++turn % 5;
      const int64_t in = transposed ? other : block, out_dim = transposed ? block : other;
      Case c{.class_name = "HeadLinear",
             .name = name_of(type, {in, out_dim, 17}) + (transposed ? ", transposed" : ""),
             .inputs = {{.shape = {3, in}}}};
      c.build = [=](GraphBuilder& g, const std::vector<Value>& v) {
        return std::vector{g.head_linear("node", v[0], 3, out_dim, transposed)};
      };
      c.bounds = product_bounds;
      c.weight_dtype = dtype;
      c.weight_form = turn % 2 != 0 ? WeightForm::kSplit : WeightForm::kWhole;
      c.gap = turn % 3;
      out.push_back(std::move(c));
    }
}

void add_expert_linear(std::vector<Case>& out) {
  int turn = 0;
  for (const format::DtypeInfo* type : weight_types())
    for (const bool by_slot : {false, true}) {
      const int64_t in = type->block_elements == 1 ? 15 + turn % 4 : type->block_elements;
      const int64_t experts = 5, used = 2, width = 9 + turn % 8;
      Case c{.class_name = "ExpertLinear", .name = name_of(*type, {in, width, 17}) + (by_slot ? ", by slot" : "")};
      c.inputs = {{.shape = by_slot ? std::vector<int64_t>{used, in} : std::vector<int64_t>{in}},
                  {.kind = InputKind::kIds, .shape = {used}, .limit = experts}};
      c.build = [=](GraphBuilder& g, const std::vector<Value>& v) {
        return std::vector{g.expert_linear("node", v[0], v[1], experts, width)};
      };
      c.bounds = product_bounds;
      c.weight_dtype = type->dtype;
      c.weight_form = turn % 2 != 0 ? WeightForm::kSplit : WeightForm::kWhole;
      c.gap = ++turn % 2;
      out.push_back(std::move(c));
    }
}

void add_embedding(std::vector<Case>& out) {
  for (const format::DtypeInfo* type : weight_types()) {
    const int64_t dim = type->block_elements == 1 ? 17 : type->block_elements * 2;
    Case c{.class_name = "Embedding", .name = name_of(*type, {50, dim, 17}), .inputs = {{.kind = InputKind::kPositions}}};
    c.build = [dim](GraphBuilder& g, const std::vector<Value>& v) { return std::vector{g.embedding("node", v[0], 50, dim)}; };
    c.bounds = relative(4);  // some types multiply twice
    c.weight_dtype = type->dtype;
    c.segments = {{0, 17, 0}, {49, 1, 1}, {3, 2, 2}};
    out.push_back(std::move(c));
  }
}

}  // namespace

std::vector<Case> linear_cases() {
  std::vector<Case> out;
  add_linear(out);
  add_head_linear(out);
  add_expert_linear(out);
  add_embedding(out);
  return out;
}

}  // namespace kt::conformance
