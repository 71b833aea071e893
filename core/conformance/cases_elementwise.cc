// Cases of operators on single elements.
#include <cmath>

#include "core/conformance/bounds.h"

namespace kt::conformance {
namespace {

constexpr int64_t kDims[] = {1, 7, 8, 9, 15, 16, 17, 63, 65, 200};

using ElementBound = double (*)(double x, double y);  // of input and result

BoundFunction by_element(ElementBound bound) {
  return [bound](const Evaluation& e, Activations) {
    Errors out;
    for (int64_t i = 0; i < e.output(0).count(); ++i)
      out.push_back(bound(e.input(0).floats()[i], e.output(0).floats()[i]) + kTiny);
    return Bounds{out};
  };
}

struct UnaryClass {
  const char* name;
  ElementBound bound;
};

// exp passes the rounding of its argument on, |x| units; functions that end near a constant are off by units of it.
constexpr UnaryClass kUnary[] = {{"Sigmoid", [](double x, double y) { return std::fabs(y) * kUnit * (8 + std::fabs(x)); }},
                                 {"Silu", [](double x, double y) { return std::fabs(y) * kUnit * (8 + std::fabs(x)); }},
                                 {"Relu", [](double, double) { return 0.0; }},
                                 {"Tanh", [](double, double) { return 8 * kUnit; }},
                                 {"Exp", [](double x, double y) { return y * kUnit * (4 + std::fabs(x)); }}};

void add_unary(std::vector<Case>& out) {
  for (const UnaryClass& u : kUnary)
    for (const int64_t n : kDims) {
      Case c{.class_name = u.name, .name = "dim " + std::to_string(n)};
      c.inputs = {{.shape = n % 2 != 0 ? std::vector<int64_t>{n} : std::vector<int64_t>{2, n}}};
      c.build = [u](GraphBuilder& g, const std::vector<Value>& v) { return std::vector{g.unary("node", u.name, v[0])}; };
      c.bounds = by_element(u.bound);
      c.gap = n % 3;
      out.push_back(c);
      c.name += ", wide";
      c.inputs[0].kind = InputKind::kWide;
      out.push_back(std::move(c));
    }
}

void add_with_attributes(std::vector<Case>& out) {
  struct Form {
    const char* class_name;
    const char* name;
    std::vector<Attribute> attributes;
    ElementBound bound;
  };
  const ElementBound gelu = [](double x, double) { return std::fabs(x) * 16 * kUnit; };
  const std::vector<Form> forms = {
      {"Gelu", "none", {{"approximate", "none"}}, gelu},
      {"Gelu", "tanh", {{"approximate", "tanh"}}, gelu},
      {"Scale", "2.5", {{"factor", 2.5}}, [](double, double y) { return std::fabs(y) * kUnit * 2; }},
      {"Scale", "1/3", {{"factor", 1.0 / 3}}, [](double, double y) { return std::fabs(y) * kUnit * 3; }},
      {"Clamp", "-0.5..0.75", {{"minimum", -0.5}, {"maximum", 0.75}}, [](double, double) { return 0.0; }}};
  for (const Form& f : forms)
    for (const int64_t n : kDims) {
      Case c{.class_name = f.class_name, .name = std::string(f.name) + ", dim " + std::to_string(n), .inputs = {{.shape = {n}}}};
      c.build = [f](GraphBuilder& g, const std::vector<Value>& v) {
        return std::vector{g.node({.name = "node", .class_name = f.class_name, .inputs = v, .attributes = f.attributes})};
      };
      c.bounds = by_element(f.bound);
      c.gap = n % 3;
      out.push_back(std::move(c));
    }
}

void add_binary(std::vector<Case>& out) {
  for (const char* name : {"Add", "Sub", "Mul"})
    for (const int64_t n : kDims)
      for (const bool broadcast : {false, true}) {
        const int64_t width = broadcast ? 1 : n;
        const bool heads = n % 2 == 0;
        Case c{.class_name = name, .name = "dim " + std::to_string(n) + (broadcast ? ", broadcast" : "")};
        c.inputs = {{.shape = heads ? std::vector<int64_t>{3, n} : std::vector<int64_t>{n}},
                    {.shape = heads ? std::vector<int64_t>{3, width} : std::vector<int64_t>{width}}};
        c.build = [name](GraphBuilder& g, const std::vector<Value>& v) {
          return std::vector{g.binary("node", name, v[0], v[1])};
        };
        c.bounds = exact;  // one operation, rounded once
        c.gap = n % 3;
        out.push_back(std::move(c));
      }
  for (const int64_t n : kDims) {
    Case c{.class_name = "AddBias", .name = "dim " + std::to_string(n), .inputs = {{.shape = {n}}}};
    c.build = [n](GraphBuilder& g, const std::vector<Value>& v) {
      return std::vector{g.node({.name = "node", .class_name = "AddBias", .inputs = v, .weights = {{"bias", {n}}}})};
    };
    c.bounds = exact;
    c.gap = n % 3;
    out.push_back(std::move(c));
  }
}

}  // namespace

std::vector<Case> elementwise_cases() {
  std::vector<Case> out;
  add_unary(out);
  add_with_attributes(out);
  add_binary(out);
  return out;
}

}  // namespace kt::conformance
