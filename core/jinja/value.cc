#include "core/jinja/value.h"

#include <algorithm>

#include "core/jinja/compare.h"
#include "core/jinja/object.h"

namespace kt::core::jinja {
namespace {

constexpr int kMaxDepth = 200;           // containers inside containers
constexpr int64_t kMaxWeight = 1 << 20;  // values in one container, all levels together
constexpr size_t kIndexFrom = 9;         // keys from which a dict is searched by hash

Status check_bounds(int depth, int64_t weight) {
  if (depth > kMaxDepth) return limit_reached("lists or dicts are nested deeper than " + std::to_string(kMaxDepth));
  if (weight > kMaxWeight) return limit_reached("a list or dict would hold more than " + std::to_string(kMaxWeight) + " values");
  return {};
}

Result<Value> make_sequence(std::vector<Value> items, bool is_tuple) {
  auto sequence = std::make_shared<Sequence>();
  for (const Value& item : items) {
    sequence->depth = std::max(sequence->depth, item.depth() + 1);
    sequence->weight += item.weight();
  }
  KT_TRY(check_bounds(sequence->depth, sequence->weight));
  sequence->items = std::move(items);
  sequence->is_tuple = is_tuple;
  return Value(SequenceRef(std::move(sequence)));
}

}  // namespace

size_t Dict::position(const Value& key) const {
  if (items_.size() < kIndexFrom) {
    size_t at = 0;
    while (at < items_.size() && !equals(items_[at].first, key)) ++at;
    return at;
  }
  const auto [begin, end] = index_.equal_range(hash(key));
  for (auto entry = begin; entry != end; ++entry)
    if (equals(items_[entry->second].first, key)) return entry->second;
  return items_.size();
}

const Value* Dict::find(const Value& key) const {
  const size_t at = position(key);
  return at < items_.size() ? &items_[at].second : nullptr;
}

const Value* Dict::find(std::string_view key) const {
  if (items_.size() >= kIndexFrom) return find(Value::string(key));
  for (const auto& [name, value] : items_)
    if (name.is_string() && name.text().bytes() == key) return &value;
  return nullptr;
}

void Dict::set(Value key, Value value) {
  const size_t at = position(key);
  depth = std::max({depth, key.depth() + 1, value.depth() + 1});
  weight += value.weight();
  if (at < items_.size()) {
    items_[at].second = std::move(value);
    return;
  }
  weight += key.weight();
  items_.emplace_back(std::move(key), std::move(value));
  if (items_.size() < kIndexFrom) return;
  for (size_t i = index_.size(); i < items_.size(); ++i) index_.emplace(hash(items_[i].first), i);
}

bool Value::truthy() const {
  if (is_none() || is_undefined()) return false;
  if (is_integer()) return integer() != 0;
  if (is_float()) return number() != 0;
  if (is_string()) return !text().empty();
  if (is_sequence()) return !sequence().items.empty();
  if (is_dict()) return dict().size() > 0;
  return object()->truthy();
}

const char* Value::type_name() const {
  if (is_none()) return "NoneType";
  if (is_undefined()) return "Undefined";
  if (is_bool()) return "bool";
  if (is_integer()) return "int";
  if (is_float()) return "float";
  if (is_string()) return text().markup() ? "Markup" : "str";
  if (is_sequence()) return sequence().is_tuple ? "tuple" : "list";
  if (is_dict()) return "dict";
  return object()->type_name();
}

int Value::depth() const {
  if (is_sequence()) return sequence().depth;
  if (is_dict()) return dict().depth;
  return object() ? object()->depth() : 0;
}

int64_t Value::weight() const {
  if (is_sequence()) return sequence().weight;
  if (is_dict()) return dict().weight;
  return 1;
}

bool Value::is(const Value& other) const {
  if (data_.index() != other.data_.index()) return false;
  if (is_none()) return true;
  if (is_number()) return number() == other.number();
  if (is_string()) return text_ref() == other.text_ref() || text().bytes() == other.text().bytes();
  return data_ == other.data_;
}

Error failure(std::string message) { return fail(413, std::move(message)); }

Error limit_reached(std::string message) {
  return fail(414, std::move(message), "a chat template needs no more; look for a loop that does not end in it");
}

Result<Value> make_list(std::vector<Value> items) { return make_sequence(std::move(items), false); }
Result<Value> make_tuple(std::vector<Value> items) { return make_sequence(std::move(items), true); }

Result<Value> make_dict(Dict dict) {
  KT_TRY(check_bounds(dict.depth, dict.weight));
  return Value(DictRef(std::make_shared<const Dict>(std::move(dict))));
}

Status check_key(const Value& key) {
  if (key.is_list() || key.is_dict()) return failure(std::string("a value of type '") + key.type_name() + "' cannot be a key");
  if (key.is_tuple())
    for (const Value& item : key.sequence().items) KT_TRY(check_key(item));
  return {};
}

}  // namespace kt::core::jinja
