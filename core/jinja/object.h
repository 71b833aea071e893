// What values with behaviour of their own (namespaces, loops, macros, iterators) offer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/jinja/value.h"

namespace kt::core::jinja {

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> keyword;
};

// Removes and gives the named argument, if it is there.
std::optional<Value> take_keyword(Arguments* arguments, std::string_view name);

class Iterator {
 public:
  virtual ~Iterator() = default;
  // False at the end.
  virtual Result<bool> next(Runtime& runtime, Value* out) = 0;
};

struct Object : std::enable_shared_from_this<Object> {
  virtual ~Object() = default;
  virtual const char* type_name() const = 0;
  virtual std::string repr() const { return std::string("<") + type_name() + ">"; }
  virtual bool truthy() const { return true; }
  virtual int depth() const { return 0; }
  virtual bool callable() const { return false; }
  virtual Result<Value> call(Runtime& runtime, Arguments arguments);
  // The value of a name, or nothing if there is none.
  virtual Result<std::optional<Value>> attribute(Runtime& runtime, std::string_view name);
  // Null: not iterable.
  virtual std::unique_ptr<Iterator> iterate() { return nullptr; }
  virtual std::optional<int64_t> length() const { return std::nullopt; }
};

// Lazy iteration that can be consumed once, as generators are.
struct Generator final : Object {
  Generator(std::unique_ptr<Iterator> iterator, int depth) : iterator(std::move(iterator)), levels(depth) {}
  const char* type_name() const override { return "generator"; }
  std::string repr() const override { return "<generator object>"; }
  int depth() const override { return levels; }
  std::unique_ptr<Iterator> iterate() override;

  std::unique_ptr<Iterator> iterator;
  int levels;
};

struct Range final : Object {
  Range(int64_t start, int64_t stop, int64_t step);
  const char* type_name() const override { return "range"; }
  std::string repr() const override;
  bool truthy() const override { return count > 0; }
  std::optional<int64_t> length() const override { return count; }
  std::unique_ptr<Iterator> iterate() override;
  int64_t at(int64_t index) const { return start + index * step; }

  int64_t start, stop, step, count;
};

// What dict.keys(), values() and items() give.
struct DictView final : Object {
  enum Part { kKeys, kValues, kItems };
  DictView(DictRef dict, Part part) : dict(std::move(dict)), part(part) {}
  const char* type_name() const override;
  bool truthy() const override { return dict->size() > 0; }
  int depth() const override { return dict->depth + 1; }
  std::optional<int64_t> length() const override { return static_cast<int64_t>(dict->size()); }
  std::unique_ptr<Iterator> iterate() override;
  Value at(size_t index) const;

  DictRef dict;
  Part part;
};

struct Namespace final : Object {
  const char* type_name() const override { return "Namespace"; }
  Result<std::optional<Value>> attribute(Runtime& runtime, std::string_view name) override;

  Dict values;
};

Result<Value> make_generator(std::unique_ptr<Iterator> iterator, int depth);

// Fails for what Python cannot iterate; Undefined has no elements.
Result<std::unique_ptr<Iterator>> iterate(const Value& value);
// All elements; each costs a step.
Result<std::vector<Value>> to_vector(Runtime& runtime, const Value& value);
// len(), or the error of Python.
Result<int64_t> length_of(const Value& value);

}  // namespace kt::core::jinja
