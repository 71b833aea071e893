#include "core/jinja/loop.h"

#include "core/jinja/compare.h"
#include "core/jinja/methods.h"

namespace kt::core::jinja {
namespace {

class VectorIterator final : public Iterator {
 public:
  explicit VectorIterator(std::vector<Value> items) : items_(std::move(items)) {}
  Result<bool> next(Runtime&, Value* out) override {
    if (at_ >= items_.size()) return false;
    *out = items_[at_++];
    return true;
  }

 private:
  std::vector<Value> items_;
  size_t at_ = 0;
};

Result<Value> cycle(Runtime&, const Value& self, const Bound& arguments) {
  const auto& choices = arguments.rest.positional;
  if (choices.empty()) return failure("no items for cycling given");
  return choices[static_cast<size_t>(self.as<LoopValue>()->index0()) % choices.size()];
}

Result<Value> changed(Runtime&, const Value& self, const Bound& arguments) {
  return Value(self.as<LoopValue>()->changed(KT_TRY(make_tuple(arguments.rest.positional))));
}

constexpr Builtin kMethods[] = {{"cycle", "*", cycle}, {"changed", "*", changed}};

}  // namespace

std::string LoopValue::repr() const { return "<LoopContext " + std::to_string(index0_ + 1) + ">"; }

Result<Value> LoopValue::call(Runtime&, Arguments arguments) {
  if (!node_->recursive) return failure("the loop must have the 'recursive' marker to be called recursively");
  if (arguments.positional.size() != 1 || !arguments.keyword.empty()) return failure("a loop is called with what it runs over");
  return evaluator_->recurse(*this, arguments.positional.front());
}

Result<bool> LoopValue::pull(Runtime& runtime, Value* out) { return iterator_->next(runtime, out); }

Result<bool> LoopValue::advance(Runtime& runtime) {
  Value item;
  if (next_) {
    item = std::move(*next_);
    next_.reset();
  } else if (!KT_TRY(pull(runtime, &item))) {
    return false;
  }
  ++index0_;
  previous_ = std::move(current_);
  current_ = std::move(item);
  return true;
}

Status LoopValue::peek(Runtime& runtime) {
  if (next_) return {};
  Value item;
  if (KT_TRY(pull(runtime, &item))) next_ = std::move(item);
  return {};
}

Result<int64_t> LoopValue::count(Runtime& runtime) {
  if (length_) return *length_;
  std::vector<Value> items;
  for (Value item; KT_TRY(pull(runtime, &item));) {
    KT_TRY(runtime.charge(1));
    items.push_back(std::move(item));
  }
  length_ = static_cast<int64_t>(items.size()) + index0_ + 1 + next_.has_value();
  iterator_ = std::make_unique<VectorIterator>(std::move(items));
  return *length_;
}

bool LoopValue::changed(const Value& values) {
  if (last_changed_ && equals(*last_changed_, values)) return false;
  last_changed_ = values;
  return true;
}

Result<std::optional<Value>> LoopValue::attribute(Runtime& runtime, std::string_view name) {
  using Found = std::optional<Value>;
  if (name == "index0") return Found(index0_);
  if (name == "index") return Found(index0_ + 1);
  if (name == "first") return Found(index0_ == 0);
  if (name == "depth0") return Found(int64_t{depth_});
  if (name == "depth") return Found(int64_t{depth_ + 1});
  if (name == "length") return Found(KT_TRY(count(runtime)));
  if (name == "revindex") return Found(KT_TRY(count(runtime)) - index0_);
  if (name == "revindex0") return Found(KT_TRY(count(runtime)) - index0_ - 1);
  if (name == "previtem") return Found(index0_ == 0 ? Value(Undefined{"there is no previous item"}) : previous_);
  if (name == "last" || name == "nextitem") {
    KT_TRY(peek(runtime));
    if (name == "last") return Found(!next_.has_value());
    return Found(next_ ? *next_ : Value(Undefined{"there is no next item"}));
  }
  if (const Builtin* method = find(kMethods, name)) return Found(bind(Value(shared_from_this()), method));
  return Found();
}

}  // namespace kt::core::jinja
