// A value of a template: Python's types as far as templates see them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "core/base/status.h"
#include "core/jinja/text.h"

namespace kt::core::jinja {

class Runtime;
class Value;
struct Object;

struct None {
  bool operator==(const None&) const = default;
};

// A name, attribute or item that does not exist; `message` is what an operation on it says.
struct Undefined {
  std::string message;
};

// A list or a tuple. Containers never change once made; `depth` and `weight` (values inside, all levels) bound every walk.
struct Sequence {
  std::vector<Value> items;
  bool is_tuple = false;
  bool is_group = false;  // a pair made by groupby, with the names `grouper` and `list`
  int depth = 1;
  int64_t weight = 1;
};

// A dict in order of insertion.
class Dict {
 public:
  const std::vector<std::pair<Value, Value>>& items() const { return items_; }
  size_t size() const;
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  void set(Value key, Value value);

  int depth = 1;
  int64_t weight = 1;

 private:
  size_t position(const Value& key) const;  // size(): not there

  std::vector<std::pair<Value, Value>> items_;
  std::unordered_multimap<uint64_t, size_t> index_;  // of hashes; kept from the ninth key on
};

using TextRef = std::shared_ptr<const Text>;
using SequenceRef = std::shared_ptr<const Sequence>;
using DictRef = std::shared_ptr<const Dict>;
using ObjectRef = std::shared_ptr<Object>;

class Value {
 public:
  Value() = default;  // None
  Value(None) {}
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(Text text) : data_(std::make_shared<const Text>(std::move(text))) {}
  Value(TextRef text) : data_(std::move(text)) {}
  Value(SequenceRef sequence) : data_(std::move(sequence)) {}
  Value(DictRef dict) : data_(std::move(dict)) {}
  Value(ObjectRef object) : data_(std::move(object)) {}
  Value(Undefined undefined) : data_(std::make_shared<const Undefined>(std::move(undefined))) {}
  Value(const char*) = delete;
  Value(int value) : data_(int64_t{value}) {}
  static Value string(std::string_view bytes) { return Value(Text(bytes)); }

  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_undefined() const { return std::holds_alternative<std::shared_ptr<const Undefined>>(data_); }
  bool is_string() const { return std::holds_alternative<TextRef>(data_); }
  bool is_sequence() const { return std::holds_alternative<SequenceRef>(data_); }
  bool is_list() const { return is_sequence() && !sequence().is_tuple; }
  bool is_tuple() const { return is_sequence() && sequence().is_tuple; }
  bool is_dict() const { return std::holds_alternative<DictRef>(data_); }
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_integer() const { return is_bool() || std::holds_alternative<int64_t>(data_); }  // True and False too, as in Python
  bool is_number() const { return is_integer() || is_float(); }

  bool boolean() const { return std::get<bool>(data_); }
  int64_t integer() const { return is_bool() ? std::get<bool>(data_) : std::get<int64_t>(data_); }
  double number() const { return is_float() ? std::get<double>(data_) : static_cast<double>(integer()); }
  const Text& text() const { return *std::get<TextRef>(data_); }
  const TextRef& text_ref() const { return std::get<TextRef>(data_); }
  const Sequence& sequence() const { return *std::get<SequenceRef>(data_); }
  const SequenceRef& sequence_ref() const { return std::get<SequenceRef>(data_); }
  const Dict& dict() const { return *std::get<DictRef>(data_); }
  const DictRef& dict_ref() const { return std::get<DictRef>(data_); }
  const Undefined& undefined() const { return *std::get<std::shared_ptr<const Undefined>>(data_); }
  // Null if it is none.
  Object* object() const { return std::holds_alternative<ObjectRef>(data_) ? std::get<ObjectRef>(data_).get() : nullptr; }
  const ObjectRef& object_ref() const { return std::get<ObjectRef>(data_); }
  template <class T>
  T* as() const {
    return dynamic_cast<T*>(object());
  }

  bool truthy() const;
  const char* type_name() const;  // "str", "dict", "Undefined"
  int depth() const;              // levels of containers
  int64_t weight() const;         // values inside, itself included
  // Are these one and the same?
  bool is(const Value& other) const;

 private:
  std::variant<None, bool, int64_t, double, TextRef, SequenceRef, DictRef, ObjectRef, std::shared_ptr<const Undefined>> data_;
};

inline size_t Dict::size() const { return items_.size(); }

// Errors of rendering carry KT-E0413 and get their place from the evaluator; those of limits carry KT-E0414.
Error failure(std::string message);
Error limit_reached(std::string message);

// Containers from their elements; KT-E0414 if they would nest or hold too much.
Result<Value> make_list(std::vector<Value> items);
Result<Value> make_tuple(std::vector<Value> items);
Result<Value> make_dict(Dict dict);
// A key must be hashable: no list, no dict.
Status check_key(const Value& key);

}  // namespace kt::core::jinja
