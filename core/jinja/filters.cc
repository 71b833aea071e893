#include "core/jinja/filters.h"

#include <algorithm>
#include <charconv>

#include "core/jinja/operators.h"

namespace kt::core::jinja {
namespace {

// Every group of filters in turn.
template <class Visit>
void for_each_group(Visit visit) {
  for (const auto& group :
       {text_filters(), format_filters(), number_filters(), sequence_filters(), order_filters(), lazy_filters()})
    visit(group);
}

}  // namespace

const Builtin* find_filter(std::string_view name) {
  const Builtin* found = nullptr;
  for_each_group([&](std::span<const Builtin> group) {
    if (!found) found = find(group, name);
  });
  return found;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> out;
  for_each_group([&](std::span<const Builtin> group) {
    for (const Builtin& filter : group) out.emplace_back(filter.name);
  });
  return out;
}

Result<AttributePath> AttributePath::parse(const Value& attribute, std::optional<Value> fallback) {
  AttributePath path;
  path.fallback_ = std::move(fallback);
  if (attribute.is_none()) return path;
  if (!attribute.is_string()) {
    path.parts_.push_back(attribute);
    return path;
  }
  std::string_view rest = attribute.text().bytes();
  while (true) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    int64_t index = 0;
    const auto end = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = !part.empty() && part[0] != '-' && end.ec == std::errc() && end.ptr == part.data() + part.size();
    path.parts_.push_back(is_index ? Value(index) : Value::string(part));
    if (dot == std::string_view::npos) return path;
    rest.remove_prefix(dot + 1);
  }
}

Result<Value> AttributePath::read(Runtime& runtime, Value value) const {
  for (const Value& part : parts_) {
    value = KT_TRY(get_item(runtime, value, part));
    if (fallback_ && value.is_undefined()) value = *fallback_;
  }
  return value;
}

Result<Value> make_lazy_list(std::vector<Value> items) {
  const Value list = KT_TRY(make_list(std::move(items)));
  return make_lazy(list.depth(), [list, at = size_t{0}](Runtime&, Value* out) mutable -> Result<bool> {
    if (at >= list.sequence().items.size()) return false;
    *out = list.sequence().items[at++];
    return true;
  });
}

}  // namespace kt::core::jinja
