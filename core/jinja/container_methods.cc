#include "core/jinja/compare.h"
#include "core/jinja/methods.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

Result<Value> get(Runtime&, const Value& self, const Bound& arguments) {
  KT_TRY(check_key(arguments[0]));
  if (const Value* value = self.dict().find(arguments[0])) return *value;
  return arguments.has(1) ? arguments[1] : Value();
}

template <DictView::Part part>
Result<Value> view(Runtime&, const Value& self, const Bound&) {
  return Value(ObjectRef(std::make_shared<DictView>(self.dict_ref(), part)));
}

Result<Value> copy(Runtime&, const Value& self, const Bound&) { return self; }  // values do not change, so they need no copies

Result<Value> count(Runtime& runtime, const Value& self, const Bound& arguments) {
  KT_TRY(runtime.charge(self.weight()));
  int64_t count = 0;
  for (const Value& item : self.sequence().items) count += equals(item, arguments[0]);
  return Value(count);
}

Result<Value> index(Runtime& runtime, const Value& self, const Bound& arguments) {
  KT_TRY(runtime.charge(self.weight()));
  const auto& items = self.sequence().items;
  const int64_t size = static_cast<int64_t>(items.size());
  int64_t bounds[2] = {0, size};
  for (size_t i = 0; i < 2; ++i) {
    if (!arguments.has(i + 1)) continue;
    bounds[i] = KT_TRY(to_integer(arguments[i + 1], "the index"));
    if (bounds[i] < 0) bounds[i] = std::max<int64_t>(bounds[i] + size, 0);
  }
  for (int64_t i = bounds[0]; i < std::min(bounds[1], size); ++i)
    if (equals(items[static_cast<size_t>(i)], arguments[0])) return Value(i);
  return failure(to_repr(arguments[0]).bytes() + " is not in the list");
}

constexpr Builtin kDictMethods[] = {
    {"copy", "/", copy},
    {"get", "key default? /", get},
    {"items", "/", view<DictView::kItems>},
    {"keys", "/", view<DictView::kKeys>},
    {"values", "/", view<DictView::kValues>},
};

constexpr Builtin kSequenceMethods[] = {
    {"copy", "/", copy},
    {"count", "value /", count},
    {"index", "value start? stop? /", index},
};

}  // namespace

const Builtin* find_dict_method(std::string_view name) { return find(kDictMethods, name); }
const Builtin* find_sequence_method(std::string_view name) { return find(kSequenceMethods, name); }

}  // namespace kt::core::jinja
