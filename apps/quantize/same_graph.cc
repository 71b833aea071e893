#include "apps/quantize/same_graph.h"

#include <algorithm>
#include <cmath>

namespace kt::quantize {

using namespace core;
namespace {

bool near(double a, double b) {
  constexpr double kRelative = 1e-5;
  return std::abs(a - b) <= kRelative * std::max(std::abs(a), std::abs(b));
}

bool same(const Attribute& a, const Attribute& b) {
  if (a.index() != b.index()) return false;
  if (const auto* number = std::get_if<double>(&a)) return near(*number, std::get<double>(b));
  if (const auto* numbers = std::get_if<std::vector<float>>(&a)) {
    const auto& others = std::get<std::vector<float>>(b);
    return std::equal(numbers->begin(), numbers->end(), others.begin(), others.end(),
                      [](float x, float y) { return near(static_cast<double>(x), static_cast<double>(y)); });
  }
  return a == b;
}

std::string attribute_difference(const Node& a, const Node& b) {
  for (const auto& [key, value] : a.attributes) {
    if (key == "interleaved") continue;
    const auto other = b.attributes.find(key);
    if (other == b.attributes.end() || !same(value, other->second)) return "'" + a.name + "' has another " + key;
  }
  return a.attributes.size() == b.attributes.size() ? "" : "'" + a.name + "' has other attributes";
}

}  // namespace

std::string graph_difference(const Graph& a, const Graph& b) {
  const auto left = a.nodes(), right = b.nodes();
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const Node &x = *left[i], &y = *right[i];
    if (x.name != y.name || x.class_name != y.class_name) return "'" + x.name + "' is replaced by '" + y.name + "'";
    if (std::string found = attribute_difference(x, y); !found.empty()) return found;
  }
  if (left.size() != right.size())
    return "there are " + std::to_string(right.size()) + " nodes instead of " + std::to_string(left.size());
  for (size_t i = 0; i < std::min(a.states.size(), b.states.size()); ++i)
    if (a.states[i].window != b.states[i].window) return "'" + a.states[i].name + "' keeps another window";
  return {};
}

}  // namespace kt::quantize
