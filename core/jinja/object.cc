#include "core/jinja/object.h"

#include "core/jinja/runtime.h"

namespace kt::core::jinja {
namespace {

constexpr int kMaxGenerators = 200;  // levels of lazy filters and containers that read each other

// Counts through anything that has a size and elements by index.
template <class Get>
class IndexIterator final : public Iterator {
 public:
  IndexIterator(size_t size, Get get) : size_(size), get_(std::move(get)) {}
  Result<bool> next(Runtime&, Value* out) override {
    if (at_ >= size_) return false;
    *out = get_(at_++);
    return true;
  }

 private:
  size_t size_, at_ = 0;
  Get get_;
};

template <class Get>
std::unique_ptr<Iterator> by_index(size_t size, Get get) {
  return std::make_unique<IndexIterator<Get>>(size, std::move(get));
}

class TextIterator final : public Iterator {
 public:
  explicit TextIterator(TextRef text) : text_(std::move(text)) {}
  Result<bool> next(Runtime&, Value* out) override {
    if (at_ >= text_->size()) return false;
    const size_t begin = at_;
    at_ += code_point_size(static_cast<unsigned char>(text_->bytes()[at_]));
    *out = Value(text_->slice(begin, at_).with_markup(false));
    return true;
  }

 private:
  TextRef text_;
  size_t at_ = 0;
};

// Reads on where earlier readers of the same generator stopped.
class SharedIterator final : public Iterator {
 public:
  explicit SharedIterator(std::shared_ptr<Generator> generator) : generator_(std::move(generator)) {}
  Result<bool> next(Runtime& runtime, Value* out) override { return generator_->iterator->next(runtime, out); }

 private:
  std::shared_ptr<Generator> generator_;
};

}  // namespace

std::optional<Value> take_keyword(Arguments* arguments, std::string_view name) {
  std::optional<Value> value;
  for (auto entry = arguments->keyword.begin(); entry != arguments->keyword.end(); ++entry)
    if (entry->first == name) {
      value = std::move(entry->second);
      arguments->keyword.erase(entry);
      break;
    }
  return value;
}

Result<Value> Object::call(Runtime&, Arguments) { return failure(std::string("'") + type_name() + "' object is not callable"); }

Result<std::optional<Value>> Object::attribute(Runtime&, std::string_view) { return std::optional<Value>(); }

std::unique_ptr<Iterator> Generator::iterate() {
  return std::make_unique<SharedIterator>(std::static_pointer_cast<Generator>(shared_from_this()));
}

Range::Range(int64_t start, int64_t stop, int64_t step) : start(start), stop(stop), step(step) {
  const __int128 span = step > 0 ? static_cast<__int128>(stop) - start : static_cast<__int128>(start) - stop;
  const __int128 stride = step > 0 ? step : -static_cast<__int128>(step);
  const __int128 rounds = span <= 0 ? 0 : (span + stride - 1) / stride;
  count = rounds > INT64_MAX ? INT64_MAX : static_cast<int64_t>(rounds);
}

std::string Range::repr() const {
  const std::string ends = "range(" + std::to_string(start) + ", " + std::to_string(stop);
  return step == 1 ? ends + ")" : ends + ", " + std::to_string(step) + ")";
}

std::unique_ptr<Iterator> Range::iterate() {
  auto self = std::static_pointer_cast<Range>(shared_from_this());
  return by_index(static_cast<size_t>(count), [self](size_t i) { return Value(self->at(static_cast<int64_t>(i))); });
}

const char* DictView::type_name() const { return part == kKeys ? "dict_keys" : part == kValues ? "dict_values" : "dict_items"; }

Value DictView::at(size_t index) const {
  const auto& [key, value] = dict->items()[index];
  if (part != kItems) return part == kKeys ? key : value;
  auto pair = std::make_shared<Sequence>();
  pair->items = {key, value};
  pair->is_tuple = true;
  pair->depth = dict->depth;
  pair->weight = 1 + key.weight() + value.weight();
  return Value(SequenceRef(std::move(pair)));
}

std::unique_ptr<Iterator> DictView::iterate() {
  auto self = std::static_pointer_cast<DictView>(shared_from_this());
  return by_index(dict->size(), [self](size_t i) { return self->at(i); });
}

Result<std::optional<Value>> Namespace::attribute(Runtime&, std::string_view name) {
  const Value* value = values.find(name);
  return value ? std::optional<Value>(*value) : std::nullopt;
}

Result<Value> make_generator(std::unique_ptr<Iterator> iterator, int depth) {
  if (depth > kMaxGenerators) return limit_reached("more than " + std::to_string(kMaxGenerators) + " levels of lazy filters");
  return Value(ObjectRef(std::make_shared<Generator>(std::move(iterator), depth)));
}

Result<std::unique_ptr<Iterator>> iterate(const Value& value) {
  if (value.is_undefined()) return by_index(0, [](size_t) { return Value(); });
  if (value.is_string()) return std::unique_ptr<Iterator>(std::make_unique<TextIterator>(value.text_ref()));
  if (value.is_sequence()) {
    SequenceRef items = value.sequence_ref();
    return by_index(items->items.size(), [items](size_t i) { return items->items[i]; });
  }
  if (value.is_dict()) {
    DictRef dict = value.dict_ref();
    return by_index(dict->size(), [dict](size_t i) { return dict->items()[i].first; });
  }
  if (value.object())
    if (auto iterator = value.object()->iterate()) return iterator;
  return failure(std::string("'") + value.type_name() + "' object is not iterable");
}

Result<std::vector<Value>> to_vector(Runtime& runtime, const Value& value) {
  std::unique_ptr<Iterator> iterator = KT_TRY(iterate(value));
  std::vector<Value> out;
  Value item;
  while (KT_TRY(iterator->next(runtime, &item))) {
    KT_TRY(runtime.charge(1));
    out.push_back(std::move(item));
  }
  return out;
}

Result<int64_t> length_of(const Value& value) {
  if (value.is_undefined()) return int64_t{0};
  if (value.is_string()) return static_cast<int64_t>(value.text().length());
  if (value.is_sequence()) return static_cast<int64_t>(value.sequence().items.size());
  if (value.is_dict()) return static_cast<int64_t>(value.dict().size());
  if (value.object())
    if (const auto length = value.object()->length()) return *length;
  return failure(std::string("object of type '") + value.type_name() + "' has no len()");
}

}  // namespace kt::core::jinja
