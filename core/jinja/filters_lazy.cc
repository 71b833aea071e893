#include "core/jinja/filters.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

using SharedIterator = std::shared_ptr<Iterator>;

// A filter or test with its arguments, ready for one value after another.
struct Prepared {
  const Builtin* builtin = nullptr;
  Arguments arguments;
};

// The first positional argument names the filter or test; the others are its arguments.
Result<Prepared> prepare(Arguments arguments, const Builtin* (*find)(std::string_view), const char* kind) {
  const Text name = KT_TRY(to_string(arguments.positional.front(), std::string("the name of a ") + kind));
  const Builtin* builtin = find(name.bytes());
  if (!builtin) return failure("there is no " + std::string(kind) + " " + in_quotes(name.bytes()));
  arguments.positional.erase(arguments.positional.begin());
  return Prepared{builtin, std::move(arguments)};
}

int depth_of(const Value& self, const Arguments& arguments) {
  int depth = self.depth();
  for (const Value& value : arguments.positional) depth = std::max(depth, value.depth());
  for (const auto& [name, value] : arguments.keyword) depth = std::max(depth, value.depth());
  return depth;
}

Result<Value> map(Runtime&, const Value& self, const Bound& bound) {
  if (!self.truthy()) return make_lazy_list({});
  Arguments arguments = bound.rest;
  const int depth = depth_of(self, arguments);
  SharedIterator iterator = KT_TRY(iterate(self));
  if (arguments.positional.empty()) {
    const auto attribute = take_keyword(&arguments, "attribute");
    if (!attribute) return failure("map(): the name of a filter or an attribute is needed");
    const auto fallback = take_keyword(&arguments, "default");
    if (!arguments.keyword.empty()) return failure("map(): unexpected argument " + in_quotes(arguments.keyword.front().first));
    const bool has_fallback = fallback && !fallback->is_none();
    AttributePath path = KT_TRY(AttributePath::parse(*attribute, has_fallback ? fallback : std::nullopt));
    return make_lazy(depth, [iterator, path](Runtime& runtime, Value* out) -> Result<bool> {
      Value item;
      if (!KT_TRY(iterator->next(runtime, &item))) return false;
      *out = KT_TRY(path.read(runtime, std::move(item)));
      return true;
    });
  }
  Prepared prepared = KT_TRY(prepare(std::move(arguments), find_filter, "filter"));
  return make_lazy(depth, [iterator, prepared](Runtime& runtime, Value* out) -> Result<bool> {
    Value item;
    if (!KT_TRY(iterator->next(runtime, &item))) return false;
    *out = KT_TRY(call(runtime, *prepared.builtin, item, prepared.arguments));
    return true;
  });
}

// select, reject and their forms that look at an attribute.
template <bool by_attribute, bool keep>
Result<Value> choose(Runtime&, const Value& self, const Bound& bound) {
  if (!self.truthy()) return make_lazy_list({});
  Arguments arguments = bound.rest;
  const int depth = depth_of(self, arguments);
  AttributePath path;
  if (by_attribute) {
    if (arguments.positional.empty()) return failure("the name of an attribute is needed");
    path = KT_TRY(AttributePath::parse(arguments.positional.front()));
    arguments.positional.erase(arguments.positional.begin());
  }
  Prepared prepared;
  if (!arguments.positional.empty()) prepared = KT_TRY(prepare(std::move(arguments), find_test, "test"));
  SharedIterator iterator = KT_TRY(iterate(self));
  return make_lazy(depth, [iterator, path, prepared](Runtime& runtime, Value* out) -> Result<bool> {
    while (KT_TRY(iterator->next(runtime, out))) {
      KT_TRY(runtime.charge(1));
      Value tested = KT_TRY(path.read(runtime, *out));
      if (prepared.builtin) tested = KT_TRY(call(runtime, *prepared.builtin, tested, prepared.arguments));
      if (tested.truthy() == keep) return true;
    }
    return false;
  });
}

constexpr Builtin kFilters[] = {
    {"map", "*", map},
    {"reject", "*", choose<false, false>},
    {"rejectattr", "*", choose<true, false>},
    {"select", "*", choose<false, true>},
    {"selectattr", "*", choose<true, true>},
};

}  // namespace

std::span<const Builtin> lazy_filters() { return kFilters; }

}  // namespace kt::core::jinja
