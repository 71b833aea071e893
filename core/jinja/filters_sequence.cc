#include <algorithm>

#include "core/jinja/filters.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

Result<Value> length(Runtime&, const Value& self, const Bound&) { return Value(KT_TRY(length_of(self))); }

Result<Value> default_filter(Runtime&, const Value& self, const Bound& arguments) {
  const bool empty_too = arguments.has(1) && arguments[1].truthy();
  if (!self.is_undefined() && !(empty_too && !self.truthy())) return self;
  return arguments.has(0) ? arguments[0] : Value::string("");
}

Result<Value> first(Runtime& runtime, const Value& self, const Bound&) {
  std::unique_ptr<Iterator> iterator = KT_TRY(iterate(self));
  Value out;
  if (KT_TRY(iterator->next(runtime, &out))) return out;
  return Value(Undefined{"there is no first item: the sequence is empty"});
}

// The elements from the last to the first; fails for what can be read only once.
Result<std::vector<Value>> reversed(Runtime& runtime, const Value& value) {
  if (value.as<Generator>()) return failure("'generator' object is not reversible");
  std::vector<Value> items = KT_TRY(to_vector(runtime, value));
  std::reverse(items.begin(), items.end());
  return items;
}

Result<Value> last(Runtime& runtime, const Value& self, const Bound&) {
  const Undefined nothing{"there is no last item: the sequence is empty"};
  if (self.is_undefined()) return Value(nothing);
  if (self.is_string() || self.is_sequence()) {
    if (KT_TRY(length_of(self)) == 0) return Value(nothing);
    return get_item(runtime, self, Value(-1));
  }
  const std::vector<Value> items = KT_TRY(reversed(runtime, self));
  return items.empty() ? Value(nothing) : items.front();
}

Result<Value> list(Runtime& runtime, const Value& self, const Bound&) { return make_list(KT_TRY(to_vector(runtime, self))); }

Result<Value> reverse(Runtime& runtime, const Value& self, const Bound&) {
  if (self.is_string()) return get_slice(runtime, self, Value(), Value(), Value(-1));
  std::vector<Value> items = KT_TRY(to_vector(runtime, self));
  std::reverse(items.begin(), items.end());
  if (self.as<Generator>()) return make_list(std::move(items));
  return make_lazy_list(std::move(items));
}

Result<Value> items(Runtime& runtime, const Value& self, const Bound&) {
  if (self.is_undefined()) return make_lazy_list({});
  if (!self.is_dict()) return failure("items(): a mapping is needed, not " + std::string(self.type_name()));
  return make_lazy_list(
      KT_TRY(to_vector(runtime, Value(ObjectRef(std::make_shared<DictView>(self.dict_ref(), DictView::kItems))))));
}

Result<Value> attr(Runtime& runtime, const Value& self, const Bound& arguments) {
  const Text name = to_text(arguments[0]);
  if (const auto value = KT_TRY(find_attribute(runtime, self, name.bytes()))) return *value;
  return Value(Undefined{std::string(self.type_name()) + " has no attribute " + in_quotes(name.bytes())});
}

Result<Value> sum(Runtime& runtime, const Value& self, const Bound& arguments) {
  const AttributePath path = KT_TRY(AttributePath::parse(arguments.has(0) ? arguments[0] : Value()));
  Value total = arguments.has(1) ? arguments[1] : Value(int64_t{0});
  if (total.is_string()) return failure("sum() can't sum strings: use the filter join");
  for (Value& item : KT_TRY(to_vector(runtime, self)))
    total = KT_TRY(apply(runtime, BinaryOp::kAdd, total, KT_TRY(path.read(runtime, std::move(item)))));
  return total;
}

Result<Value> batch(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t size = KT_TRY(to_integer(arguments[0], "the size of a batch"));
  std::vector<Value> batches, current;
  for (Value& item : KT_TRY(to_vector(runtime, self))) {
    if (static_cast<int64_t>(current.size()) == size) batches.push_back(KT_TRY(make_list(std::exchange(current, {}))));
    current.push_back(std::move(item));
  }
  if (current.empty()) return make_lazy_list(std::move(batches));
  const int64_t missing = size - static_cast<int64_t>(current.size());
  if (arguments.given(1) && missing > 0) {
    KT_TRY(runtime.charge(missing));
    current.insert(current.end(), static_cast<size_t>(missing), arguments[1]);
  }
  batches.push_back(KT_TRY(make_list(std::move(current))));
  return make_lazy_list(std::move(batches));
}

Result<Value> slice(Runtime& runtime, const Value& self, const Bound& arguments) {
  const int64_t count = KT_TRY(to_integer(arguments[0], "the number of slices"));
  if (count < 1) return failure("slice(): the number of slices must be positive");
  const std::vector<Value> items = KT_TRY(to_vector(runtime, self));
  KT_TRY(runtime.charge(count));
  const int64_t size = static_cast<int64_t>(items.size()), each = size / count, longer = size % count;
  std::vector<Value> slices;
  for (int64_t i = 0; i < count; ++i) {
    const auto begin = items.begin() + i * each + std::min(i, longer);
    std::vector<Value> part(begin, begin + each + (i < longer));
    if (arguments.given(1) && i >= longer) part.push_back(arguments[1]);
    slices.push_back(KT_TRY(make_list(std::move(part))));
  }
  return make_lazy_list(std::move(slices));
}

constexpr Builtin kFilters[] = {
    {"attr", "name", attr},
    {"batch", "linecount fill_with?", batch},
    {"count", "/", length},
    {"d", "default_value? boolean?", default_filter},
    {"default", "default_value? boolean?", default_filter},
    {"first", "", first},
    {"items", "", items},
    {"last", "", last},
    {"length", "/", length},
    {"list", "", list},
    {"reverse", "", reverse},
    {"slice", "slices fill_with?", slice},
    {"sum", "attribute? start?", sum},
};

}  // namespace

std::span<const Builtin> sequence_filters() { return kFilters; }

}  // namespace kt::core::jinja
