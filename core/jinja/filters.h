// The filters of jinja2, grouped by what they work on.
#pragma once

#include <span>
#include <string>

#include "core/jinja/builtin.h"

namespace kt::core::jinja {

std::span<const Builtin> text_filters();
std::span<const Builtin> format_filters();
std::span<const Builtin> number_filters();
std::span<const Builtin> sequence_filters();
std::span<const Builtin> order_filters();
std::span<const Builtin> lazy_filters();

// Reads "a.b.0" (or an index) of values, as the argument `attribute` of many filters asks.
class AttributePath {
 public:
  // No path at all: values stay as they are.
  static Result<AttributePath> parse(const Value& attribute, std::optional<Value> fallback = std::nullopt);
  Result<Value> read(Runtime& runtime, Value value) const;

 private:
  std::vector<Value> parts_;
  std::optional<Value> fallback_;  // for what is undefined
};

// `next` gives one element after another: Result<bool>(Runtime&, Value*). `depth` is that of what it reads.
template <class Next>
Result<Value> make_lazy(int depth, Next next) {
  struct Lazy final : Iterator {
    explicit Lazy(Next next) : next_(std::move(next)) {}
    Result<bool> next(Runtime& runtime, Value* out) override {
      KT_TRY(runtime.charge(1));
      return next_(runtime, out);
    }
    Next next_;
  };
  return make_generator(std::make_unique<Lazy>(std::move(next)), depth + 1);
}

// An iterator over elements that are there already.
Result<Value> make_lazy_list(std::vector<Value> items);

}  // namespace kt::core::jinja
