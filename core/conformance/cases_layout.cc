// Cases of operators that move elements: SplitHeads, MergeHeads, Slice, Concat, GatherRows, Cast, Copy. All are exact.
#include "core/conformance/bounds.h"

namespace kt::conformance {
namespace {

Case moving(const char* class_name, std::string name, std::vector<Input> inputs, std::vector<Attribute> attributes, int64_t gap) {
  Case c{.class_name = class_name, .name = std::move(name), .inputs = std::move(inputs)};
  c.build = [class_name, attributes](GraphBuilder& g, const std::vector<Value>& v) {
    return std::vector{g.node({.name = "node", .class_name = class_name, .inputs = v, .attributes = attributes})};
  };
  c.bounds = exact;
  c.gap = gap;
  return c;
}

}  // namespace

std::vector<Case> layout_cases() {
  std::vector<Case> out;
  for (const int64_t d : {1, 7, 8, 17}) {
    const std::string dim = "dim " + std::to_string(d);
    out.push_back(moving("SplitHeads", dim, {{.shape = {3 * d}}}, {{"heads", int64_t{3}}}, d % 3));
    out.push_back(moving("MergeHeads", dim, {{.shape = {3, d}}}, {}, d % 3));
    out.push_back(moving("Slice", dim + ", from 0", {{.shape = {d + 5}}}, {{"begin", int64_t{0}}, {"end", d}}, d % 3));
    out.push_back(moving("Slice", dim + ", from 5", {{.shape = {2, d + 5}}}, {{"begin", int64_t{5}}, {"end", d + 5}}, d % 3));
    out.push_back(moving("Concat", dim + " and 5", {{.shape = {d}}, {.shape = {5}}}, {}, d % 3));
    out.push_back(moving("Concat", dim + " and 3, heads", {{.shape = {2, d}}, {.shape = {2, 3}}}, {}, d % 3));
    out.push_back(moving("GatherRows", dim, {{.shape = {d}}, {.kind = InputKind::kOutputs}}, {}, d % 3));
    out.push_back(moving("Copy", dim, {{.shape = {2, d}}}, {}, d % 3));
    for (const char* dtype : {"f32", "f16", "bf16", "i32"}) {
      out.push_back(moving("Cast", dim + " to " + dtype, {{.shape = {d}}}, {{"dtype", dtype}}, d % 3));
      out.back().ids_decide = std::string_view(dtype) == "i32";  // an integer has no NaN
    }
  }
  return out;
}

std::vector<Case> all_cases() {
  std::vector<Case> out;
  for (const auto& part : {linear_cases(), moe_cases(), attention_cases(), row_cases(), elementwise_cases(), layout_cases()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace kt::conformance
