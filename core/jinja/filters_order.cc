#include <algorithm>

#include "core/jinja/compare.h"
#include "core/jinja/filters.h"
#include "core/jinja/repr.h"
#include "core/jinja/unicode.h"

namespace kt::core::jinja {
namespace {

Value without_case(const Value& value) { return value.is_string() ? Value(to_lower(value.text())) : value; }

struct Keyed {
  Value key, item;
};

// Stable; fails if two keys cannot be compared.
Status sort_by_key(Runtime& runtime, std::vector<Keyed>* items, bool descending) {
  Status status;
  int64_t compared = 0;
  const auto less = [&](const Keyed& a, const Keyed& b) {
    compared += 1 + std::min(a.key.weight(), b.key.weight()) / 8;
    if (!status.ok()) return false;
    auto result = order(a.key, b.key);
    if (!result.ok()) status = result.status();
    return result.ok() && *result < 0;
  };
  if (descending) std::reverse(items->begin(), items->end());  // equal ones keep their order
  std::stable_sort(items->begin(), items->end(), less);
  if (descending) std::reverse(items->begin(), items->end());
  KT_TRY(std::move(status));
  return runtime.charge(compared / 8);
}

bool is_set(const Bound& arguments, size_t i) { return arguments.has(i) && arguments[i].truthy(); }

// "a,b" sorts by two attributes.
Result<std::vector<AttributePath>> paths_of(const Value& attribute) {
  std::vector<AttributePath> paths;
  if (!attribute.is_string()) {
    paths.push_back(KT_TRY(AttributePath::parse(attribute)));
    return paths;
  }
  const std::string& text = attribute.text().bytes();
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    paths.push_back(KT_TRY(AttributePath::parse(Value::string(std::string_view(text).substr(at, comma - at)))));
    at = comma + 1;
  }
  return paths;
}

Result<Value> key_of(Runtime& runtime, const std::vector<AttributePath>& paths, const Value& item, bool case_matters) {
  std::vector<Value> parts;
  for (const AttributePath& path : paths) {
    const Value part = KT_TRY(path.read(runtime, item));
    parts.push_back(case_matters ? part : without_case(part));
  }
  return make_list(std::move(parts));
}

Result<Value> sort(Runtime& runtime, const Value& self, const Bound& arguments) {
  const auto paths = KT_TRY(paths_of(arguments.has(2) ? arguments[2] : Value()));
  std::vector<Keyed> items;
  for (Value& item : KT_TRY(to_vector(runtime, self))) {
    Value key = KT_TRY(key_of(runtime, paths, item, is_set(arguments, 1)));
    items.push_back({std::move(key), std::move(item)});
  }
  KT_TRY(sort_by_key(runtime, &items, is_set(arguments, 0)));
  std::vector<Value> out;
  for (Keyed& entry : items) out.push_back(std::move(entry.item));
  return make_list(std::move(out));
}

Result<Value> dictsort(Runtime& runtime, const Value& self, const Bound& arguments) {
  const std::string by = arguments.has(1) ? KT_TRY(to_string(arguments[1], "'by'")).bytes() : "key";
  if (by != "key" && by != "value") return failure("dictsort(): you can only sort by either 'key' or 'value'");
  if (self.is_undefined()) return failure(self.undefined().message);
  if (!self.is_dict()) return failure("dictsort(): a dict is needed, not " + std::string(self.type_name()));
  std::vector<Keyed> items;
  for (const auto& [key, value] : self.dict().items()) {
    const Value& sorted = by == "key" ? key : value;
    items.push_back({is_set(arguments, 0) ? sorted : without_case(sorted), KT_TRY(make_tuple({key, value}))});
  }
  KT_TRY(sort_by_key(runtime, &items, is_set(arguments, 2)));
  std::vector<Value> out;
  for (Keyed& entry : items) out.push_back(std::move(entry.item));
  return make_list(std::move(out));
}

Result<Value> unique(Runtime& runtime, const Value& self, const Bound& arguments) {
  const AttributePath path = KT_TRY(AttributePath::parse(arguments.has(1) ? arguments[1] : Value()));
  std::vector<Value> out;
  Dict seen;
  for (Value& item : KT_TRY(to_vector(runtime, self))) {
    Value key = KT_TRY(path.read(runtime, item));
    if (!is_set(arguments, 0)) key = without_case(key);
    KT_TRY(check_key(key));
    if (seen.find(key)) continue;
    seen.set(std::move(key), Value());
    out.push_back(std::move(item));
  }
  return make_lazy_list(std::move(out));
}

template <bool largest>
Result<Value> extreme(Runtime& runtime, const Value& self, const Bound& arguments) {
  const AttributePath path = KT_TRY(AttributePath::parse(arguments.has(1) ? arguments[1] : Value()));
  std::vector<Value> items = KT_TRY(to_vector(runtime, self));
  if (items.empty()) return Value(Undefined{"no aggregated item: the sequence is empty"});
  std::optional<Value> best_key;
  size_t best = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    Value key = KT_TRY(path.read(runtime, items[i]));
    if (!is_set(arguments, 0)) key = without_case(key);
    if (best_key) {
      const auto relation = KT_TRY(order(key, *best_key, largest ? ">" : "<"));
      if (!(largest ? relation > 0 : relation < 0)) continue;
    }
    best_key = std::move(key);
    best = i;
  }
  return items[best];
}

Result<Value> make_group(const Value& grouper, std::vector<Value> members) {
  const Value pair = KT_TRY(make_tuple({grouper, KT_TRY(make_list(std::move(members)))}));
  Sequence group = pair.sequence();
  group.is_group = true;
  return Value(SequenceRef(std::make_shared<const Sequence>(std::move(group))));
}

Result<Value> groupby(Runtime& runtime, const Value& self, const Bound& arguments) {
  const bool case_matters = is_set(arguments, 2);
  std::optional<Value> fallback;
  if (arguments.given(1)) fallback = arguments[1];
  const AttributePath path = KT_TRY(AttributePath::parse(arguments[0], fallback));
  std::vector<Keyed> items;
  for (Value& item : KT_TRY(to_vector(runtime, self))) {
    const Value key = KT_TRY(path.read(runtime, item));
    items.push_back({case_matters ? key : without_case(key), std::move(item)});
  }
  KT_TRY(sort_by_key(runtime, &items, false));
  std::vector<Value> groups;
  for (size_t at = 0; at < items.size();) {
    const size_t first = at;
    std::vector<Value> members;
    for (; at < items.size() && equals(items[at].key, items[first].key); ++at) members.push_back(items[at].item);
    // Without regard to case, the group has the name as its first member writes it.
    const Value name = case_matters ? items[first].key : KT_TRY(path.read(runtime, members.front()));
    groups.push_back(KT_TRY(make_group(name, std::move(members))));
  }
  return make_list(std::move(groups));
}

constexpr Builtin kFilters[] = {
    {"dictsort", "case_sensitive? by? reverse?", dictsort}, {"groupby", "attribute default? case_sensitive?", groupby},
    {"max", "case_sensitive? attribute?", extreme<true>},   {"min", "case_sensitive? attribute?", extreme<false>},
    {"sort", "reverse? case_sensitive? attribute?", sort},  {"unique", "case_sensitive? attribute?", unique},
};

}  // namespace

std::span<const Builtin> order_filters() { return kFilters; }

}  // namespace kt::core::jinja
