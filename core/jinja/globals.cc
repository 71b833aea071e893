#include "core/jinja/globals.h"

#include "core/jinja/methods.h"
#include "core/jinja/repr.h"
#include "core/jinja/strftime.h"

namespace kt::core::jinja {
namespace {

constexpr int64_t kMaxRange = 100000;  // the sandbox of jinja2 has the same

Result<Value> range(Runtime&, const Value&, const Bound& arguments) {
  int64_t numbers[3] = {0, 0, 1};
  for (size_t i = 0; i < 3; ++i)
    if (arguments.has(i)) numbers[i] = KT_TRY(to_integer(arguments[i], "an argument of range()"));
  if (!arguments.has(1)) numbers[1] = numbers[0], numbers[0] = 0;
  if (numbers[2] == 0) return failure("range(): the step must not be zero");
  auto out = std::make_shared<Range>(numbers[0], numbers[1], numbers[2]);
  if (out->count > kMaxRange)
    return limit_reached("range() would have " + std::to_string(out->count) + " numbers, at most " + std::to_string(kMaxRange) +
                         " are allowed");
  return Value(ObjectRef(std::move(out)));
}

Status add_pairs(Runtime& runtime, const Value& source, Dict* dict) {
  if (source.is_dict()) {
    KT_TRY(runtime.charge(static_cast<int64_t>(source.dict().size())));
    for (const auto& [key, value] : source.dict().items()) dict->set(key, value);
    return {};
  }
  for (const Value& pair : KT_TRY(to_vector(runtime, source))) {
    const std::vector<Value> both = KT_TRY(to_vector(runtime, pair));
    if (both.size() != 2) return failure("an element of a dict needs two values, found " + std::to_string(both.size()));
    KT_TRY(check_key(both[0]));
    dict->set(both[0], both[1]);
  }
  return {};
}

Result<Dict> dict_of(Runtime& runtime, const Arguments& arguments) {
  Dict dict;
  if (arguments.positional.size() > 1) return failure("a dict is made of at most one other value");
  for (const Value& source : arguments.positional) KT_TRY(add_pairs(runtime, source, &dict));
  for (const auto& [name, value] : arguments.keyword) dict.set(Value::string(name), value);
  return dict;
}

Result<Value> make_dict_value(Runtime& runtime, const Value&, const Bound& arguments) {
  return make_dict(KT_TRY(dict_of(runtime, arguments.rest)));
}

Result<Value> make_namespace(Runtime& runtime, const Value&, const Bound& arguments) {
  auto space = std::make_shared<Namespace>();
  space->values = KT_TRY(dict_of(runtime, arguments.rest));
  runtime.keep(space);
  return Value(ObjectRef(std::move(space)));
}

// joiner(sep)() is empty at first and `sep` from then on.
struct Joiner final : Object {
  explicit Joiner(Value separator) : separator(std::move(separator)) {}
  const char* type_name() const override { return "Joiner"; }
  int depth() const override { return separator.depth() + 1; }
  bool callable() const override { return true; }
  Result<Value> call(Runtime&, Arguments) override {
    const bool first = !used;
    used = true;
    return first ? Value::string("") : separator;
  }

  Value separator;
  bool used = false;
};

Result<Value> make_joiner(Runtime&, const Value&, const Bound& arguments) {
  return Value(ObjectRef(std::make_shared<Joiner>(arguments.has(0) ? arguments[0] : Value::string(", "))));
}

// cycler(a, b).next() gives a, b, a, b ...
struct Cycler final : Object {
  explicit Cycler(Value items) : items(std::move(items)) {}
  const char* type_name() const override { return "Cycler"; }
  int depth() const override { return items.depth() + 1; }
  const Value& current() const { return items.sequence().items[at]; }
  Result<std::optional<Value>> attribute(Runtime& runtime, std::string_view name) override;

  Value items;
  size_t at = 0;
};

Result<Value> next(Runtime&, const Value& self, const Bound&) {
  auto* cycler = self.as<Cycler>();
  Value value = cycler->current();
  cycler->at = (cycler->at + 1) % cycler->items.sequence().items.size();
  return value;
}

Result<Value> reset(Runtime&, const Value& self, const Bound&) {
  self.as<Cycler>()->at = 0;
  return Value();
}

constexpr Builtin kCyclerMethods[] = {{"next", "/", next}, {"reset", "/", reset}};

Result<std::optional<Value>> Cycler::attribute(Runtime&, std::string_view name) {
  if (name == "current") return std::optional<Value>(current());
  if (name == "items") return std::optional<Value>(items);
  if (name == "pos") return std::optional<Value>(static_cast<int64_t>(at));
  const Builtin* method = find(kCyclerMethods, name);
  return method ? std::optional<Value>(bind(Value(shared_from_this()), method)) : std::nullopt;
}

Result<Value> make_cycler(Runtime&, const Value&, const Bound& arguments) {
  if (arguments.rest.positional.empty()) return failure("cycler(): at least one item is needed");
  return Value(ObjectRef(std::make_shared<Cycler>(KT_TRY(make_tuple(arguments.rest.positional)))));
}

Result<Value> raise_exception(Runtime&, const Value&, const Bound& arguments) {
  const std::string reason(to_text(arguments[0]).bytes());
  return fail(413, reason.empty() ? "refused, no reason is given" : reason, "the template itself refuses these messages");
}

Result<Value> strftime_now(Runtime& runtime, const Value&, const Bound& arguments) {
  const Text format = KT_TRY(to_string(arguments[0], "the format of a time"));
  return runtime.made(Text(KT_TRY(format_time(format.bytes(), runtime.options().now)), format.any_input()));
}

constexpr Builtin kGlobals[] = {
    {"range", "start stop? step? /", range},  {"dict", "*", make_dict_value}, {"namespace", "*", make_namespace},
    {"joiner", "sep?", make_joiner},          {"cycler", "*", make_cycler},   {"raise_exception", "message", raise_exception},
    {"strftime_now", "format", strftime_now},
};

}  // namespace

std::vector<std::pair<std::string, Value>> global_values() {
  std::vector<std::pair<std::string, Value>> out;
  for (const Builtin& global : kGlobals) out.emplace_back(std::string(global.name), bind(Value(), &global));
  return out;
}

}  // namespace kt::core::jinja
