#include <algorithm>

#include "core/jinja/methods.h"
#include "core/jinja/operators.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {
namespace {

std::string type_phrase(const Value& value) {
  if (value.is_none()) return "None";
  return std::string(value.type_name()) + " object";
}

Value no_attribute(const Value& object, std::string_view name) {
  return Value(Undefined{in_quotes(type_phrase(object)) + " has no attribute " + in_quotes(name)});
}

Value no_element(const Value& object, const Value& index) {
  if (index.is_string()) return no_attribute(object, index.text().bytes());
  return Value(Undefined{type_phrase(object) + " has no element " + to_repr(index).bytes()});
}

Value unsafe(const Value& object, std::string_view name) {
  return Value(Undefined{"access to attribute " + in_quotes(name) + " of " + in_quotes(object.type_name()) +
                         " object is unsafe: values of a template do not change"});
}

// The item at `index`, or nothing where Python would raise LookupError or TypeError.
Result<std::optional<Value>> find_item(const Value& object, const Value& index) {
  if (object.is_dict()) {
    if (!check_key(index).ok()) return std::optional<Value>();
    const Value* value = object.dict().find(index);
    return value ? std::optional<Value>(*value) : std::nullopt;
  }
  if (!index.is_integer()) return std::optional<Value>();
  const auto* range = object.as<Range>();
  if (!object.is_string() && !object.is_sequence() && !range) return std::optional<Value>();
  const int64_t size = KT_TRY(length_of(object));
  int64_t at = index.integer();
  if (at < 0) at += size;
  if (at < 0 || at >= size) return std::optional<Value>();
  if (object.is_string()) return std::optional<Value>(Value(object.text().at(static_cast<size_t>(at))));
  if (range) return std::optional<Value>(Value(range->at(at)));
  return std::optional<Value>(object.sequence().items[static_cast<size_t>(at)]);
}

struct SliceBounds {
  int64_t start, step, count;
};

Result<int64_t> bound(const Value& value, int64_t missing, int64_t size, int64_t step) {
  if (value.is_none()) return missing;
  if (!value.is_integer()) return failure("slice indices must be integers or None");
  int64_t at = value.integer();
  const int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
  if (at < 0) at = at < -size ? low : std::max(at + size, low);
  return std::min(at, high);
}

Result<SliceBounds> slice_bounds(int64_t size, const Value& start, const Value& stop, const Value& step) {
  if (!step.is_none() && !step.is_integer()) return failure("slice indices must be integers or None");
  const int64_t stride =
      step.is_none() ? 1 : std::clamp<int64_t>(step.integer(), -size - 1, size + 1);  // larger ones do the same
  if (stride == 0) return failure("slice step cannot be zero");
  const int64_t from = KT_TRY(bound(start, stride > 0 ? 0 : size - 1, size, stride));
  const int64_t to = KT_TRY(bound(stop, stride > 0 ? size : -1, size, stride));
  return SliceBounds{from, stride, Range(from, to, stride).count};
}

Text slice_text(const Text& text, const SliceBounds& bounds) {
  const auto index = [&](int64_t i) { return static_cast<size_t>(bounds.start + i * bounds.step); };
  if (bounds.count == 0) return Text().with_markup(text.markup());
  if (bounds.step == 1) return text.slice(text.byte_of(index(0)), text.byte_of(index(bounds.count - 1) + 1));
  std::vector<size_t> starts;
  for (size_t at = 0; at < text.size(); at += code_point_size(static_cast<unsigned char>(text.bytes()[at]))) starts.push_back(at);
  starts.push_back(text.size());
  Text out;
  for (int64_t i = 0; i < bounds.count; ++i) out.append(text, starts[index(i)], starts[index(i) + 1]);
  return out.with_markup(text.markup());
}

}  // namespace

Result<std::optional<Value>> find_attribute(Runtime& runtime, const Value& object, std::string_view name) {
  if (object.is_undefined()) return failure(object.undefined().message);
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) return std::optional<Value>(unsafe(object, name));
  if (is_forbidden_method(object, name)) return std::optional<Value>(unsafe(object, name));
  if (auto method = bind_method(object, name)) return method;
  if (object.is_sequence() && object.sequence().is_group && (name == "grouper" || name == "list"))
    return std::optional<Value>(object.sequence().items[name == "list"]);
  if (object.object()) return object.object()->attribute(runtime, name);
  return std::optional<Value>();
}

Result<Value> get_attribute(Runtime& runtime, const Value& object, std::string_view name) {
  std::optional<Value> value = KT_TRY(find_attribute(runtime, object, name));
  if (!value && object.is_dict()) value = KT_TRY(find_item(object, Value::string(name)));
  return value ? *value : no_attribute(object, name);
}

Result<Value> get_item(Runtime& runtime, const Value& object, const Value& index) {
  if (object.is_undefined()) return failure(object.undefined().message);
  if (auto item = KT_TRY(find_item(object, index))) return *item;
  if (index.is_string())
    if (auto value = KT_TRY(find_attribute(runtime, object, index.text().bytes()))) return *value;
  return no_element(object, index);
}

Result<Value> get_slice(Runtime& runtime, const Value& object, const Value& start, const Value& stop, const Value& step) {
  if (object.is_undefined()) return failure(object.undefined().message);
  const auto* range = object.as<Range>();
  if (!object.is_string() && !object.is_sequence() && !range)
    return failure(std::string("'") + object.type_name() + "' object cannot be sliced");
  const int64_t size = KT_TRY(length_of(object));
  const SliceBounds bounds = KT_TRY(slice_bounds(size, start, stop, step));
  if (object.is_string()) return runtime.made(slice_text(object.text(), bounds));
  if (range) {
    const int64_t from = range->at(bounds.start), stride = range->step * bounds.step;
    return Value(ObjectRef(std::make_shared<Range>(from, from + bounds.count * stride, stride)));
  }
  KT_TRY(runtime.charge(bounds.count));
  std::vector<Value> items;
  for (int64_t i = 0; i < bounds.count; ++i)
    items.push_back(object.sequence().items[static_cast<size_t>(bounds.start + i * bounds.step)]);
  return object.is_tuple() ? make_tuple(std::move(items)) : make_list(std::move(items));
}

}  // namespace kt::core::jinja
