#include "core/graph/attributes.h"

namespace kt::core {
namespace {

template <class T>
const T* get(const Node& node, std::string_view key) {
  const auto it = node.attributes.find(key);
  return it == node.attributes.end() ? nullptr : std::get_if<T>(&it->second);
}

}  // namespace

std::optional<int64_t> int_attribute(const Node& node, std::string_view key) {
  const auto* value = get<int64_t>(node, key);
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> float_attribute(const Node& node, std::string_view key) {
  if (const auto* value = get<double>(node, key)) return *value;
  if (const auto whole = int_attribute(node, key)) return static_cast<double>(*whole);
  return std::nullopt;
}

const std::string* string_attribute(const Node& node, std::string_view key) { return get<std::string>(node, key); }
const std::vector<float>* floats_attribute(const Node& node, std::string_view key) { return get<std::vector<float>>(node, key); }

}  // namespace kt::core
