#include "core/jinja/frame.h"
#include "core/jinja/loop.h"
#include "core/jinja/repr.h"

namespace kt::core::jinja {

namespace {

// The elements for which a loop's `if` holds.
class FilteredIterator final : public Iterator {
 public:
  FilteredIterator(Evaluator* evaluator, const For* loop, std::shared_ptr<Scope> outer, std::unique_ptr<Iterator> all)
      : evaluator_(*evaluator), loop_(*loop), outer_(std::move(outer)), all_(std::move(all)) {}
  Result<bool> next(Runtime& runtime, Value* out) override {
    while (KT_TRY(all_->next(runtime, out))) {
      KT_TRY(runtime.charge(1));
      if (KT_TRY(evaluator_.passes(loop_, outer_, *out))) return true;
    }
    return false;
  }

 private:
  Evaluator& evaluator_;
  const For& loop_;
  std::shared_ptr<Scope> outer_;
  std::unique_ptr<Iterator> all_;
};

std::shared_ptr<Scope> inner(const std::shared_ptr<Scope>& outer) { return std::make_shared<Scope>(outer); }

}  // namespace

Evaluator::Evaluator(const Program& program, Runtime* runtime, std::shared_ptr<Scope> variables)
    : program_(program), runtime_(*runtime), root_(inner(variables)), scope_(root_) {}

Evaluator::~Evaluator() {
  for (const auto& scope : captured_) scope->values.clear();
}

Result<Text> Evaluator::render() {
  Text text;
  out_ = &text;
  KT_TRY(execute(program_.body));
  return text;
}

Result<Evaluator::Flow> Evaluator::execute(const Body& body) {
  const Level level(&levels_);
  for (const Statement& statement : body) {
    const Flow flow = KT_TRY(execute(statement));
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::execute(const Statement& statement) {
  Status status = runtime_.charge(1);
  if (status.ok()) status = check_levels();
  if (!status.ok()) return locate(std::move(status).take_error(), statement.offset);
  Result<Flow> flow = std::visit([this](const auto& node) { return run(node); }, statement.node);
  if (!flow.ok()) return locate(std::move(flow).take_error(), statement.offset);
  return flow;
}

Status Evaluator::write(const Text& text) {
  out_->append(text);
  if (!out_->overflowed() && static_cast<int64_t>(out_->size()) <= runtime_.options().output_bytes) return {};
  return limit_reached("the text is longer than " + std::to_string(runtime_.options().output_bytes) + " bytes");
}

Result<Evaluator::Flow> Evaluator::run(const Data& node) {
  KT_TRY(write(Text(node.text)));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::run(const Output& node) {
  KT_TRY(write(to_text(KT_TRY(evaluate(*node.value)))));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::run(const If& node) {
  for (const auto& [test, body] : node.branches)
    if (KT_TRY(evaluate(*test)).truthy()) return execute(body);
  return execute(node.otherwise);
}

Result<bool> Evaluator::passes(const For& loop, const std::shared_ptr<Scope>& outer, const Value& element) {
  const Frame frame(this, inner(outer));
  KT_TRY(assign(loop.target, element));
  return KT_TRY(evaluate(*loop.filter)).truthy();
}

Result<Evaluator::Flow> Evaluator::run(const For& node) {
  KT_TRY(run_loop(node, KT_TRY(evaluate(*node.iterable)), 0));
  return Flow::kNext;
}

Status Evaluator::run_loop(const For& node, const Value& iterable, int depth) {
  const std::shared_ptr<Scope> outer = scope_;
  std::unique_ptr<Iterator> iterator = KT_TRY(iterate(iterable));
  std::optional<int64_t> length;
  if (node.filter) {
    iterator = std::make_unique<FilteredIterator>(this, &node, outer, std::move(iterator));
  } else if (const Result<int64_t> known = length_of(iterable); known.ok()) {
    length = known.value();
  }
  auto loop = std::make_shared<LoopValue>(this, &node, outer, std::move(iterator), length, depth);
  bool completed = false;  // any round up to its end: as in jinja2, `else` runs after rounds that all ended early
  while (KT_TRY(loop->advance(runtime_))) {
    KT_TRY(runtime_.charge(1));
    const Frame frame(this, inner(outer));
    scope_->set(kLoopSymbol, Value(ObjectRef(loop)));
    KT_TRY(assign(node.target, loop->current()));
    const Flow flow = KT_TRY(execute(node.body));
    if (flow == Flow::kBreak) break;
    completed |= flow == Flow::kNext;
  }
  if (completed || node.otherwise.empty()) return {};
  const Frame frame(this, inner(outer));
  KT_TRY(execute(node.otherwise));
  return {};
}

Result<Value> Evaluator::recurse(const LoopValue& loop, const Value& iterable) {
  const Level level(&calls_);
  KT_TRY(check_levels());
  Text text;
  const Frame frame(this, loop.outer(), &text);
  KT_TRY(run_loop(loop.node(), iterable, loop.level() + 1));
  return runtime_.made(std::move(text));
}

Status Evaluator::assign(const Target& target, const Value& value) {
  Status status = std::visit([&](const auto& node) { return assign_node(node, value); }, target.node);
  if (!status.ok()) return locate(std::move(status).take_error(), target.offset);
  return status;
}

Status Evaluator::assign_node(const NameTarget& target, const Value& value) {
  scope_->set(target.symbol, value);
  return {};
}

Status Evaluator::assign_node(const NamespaceTarget& target, const Value& value) {
  const Value* owner = scope_->find(target.space);
  auto* space = owner ? owner->as<Namespace>() : nullptr;
  if (!space)
    return failure("cannot assign to an attribute of " + in_quotes(program_.symbols[target.space]) + ": it is no namespace");
  space->values.set(Value::string(target.attribute), value);
  return {};
}

Status Evaluator::assign_node(const TupleTarget& target, const Value& value) {
  const std::vector<Value> values = KT_TRY(to_vector(runtime_, value));
  const size_t wanted = target.items.size();
  if (values.size() != wanted)
    return failure(std::string(values.size() < wanted ? "not enough" : "too many") + " values to unpack (expected " +
                   std::to_string(wanted) + ", got " + std::to_string(values.size()) + ")");
  for (size_t i = 0; i < wanted; ++i) KT_TRY(assign(target.items[i], values[i]));
  return {};
}

Result<Evaluator::Flow> Evaluator::run(const Set& node) {
  KT_TRY(assign(node.target, KT_TRY(evaluate(*node.value))));
  return Flow::kNext;
}

Result<Value> Evaluator::capture(const Body& body, std::shared_ptr<Scope> scope) {
  Text text;
  const Frame frame(this, std::move(scope), &text);
  KT_TRY(execute(body));
  return runtime_.made(std::move(text));
}

Result<Evaluator::Flow> Evaluator::run(const SetBlock& node) {
  Value value = KT_TRY(capture(node.body, inner(scope_)));
  if (node.filters) value = KT_TRY(apply_steps(std::get<Chain>(node.filters->node), std::move(value), nullptr));
  KT_TRY(assign(node.target, value));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::run(const FilterBlock& node) {
  Value value = KT_TRY(capture(node.body, inner(scope_)));
  KT_TRY(write(to_text(KT_TRY(apply_steps(std::get<Chain>(node.filters->node), std::move(value), nullptr)))));
  return Flow::kNext;
}

Result<Evaluator::Flow> Evaluator::run(const With& node) {
  auto scope = inner(scope_);
  std::vector<Value> values;
  for (const auto& [target, expression] : node.values) values.push_back(KT_TRY(evaluate(*expression)));
  const Frame frame(this, std::move(scope));
  for (size_t i = 0; i < values.size(); ++i) KT_TRY(assign(node.values[i].first, values[i]));
  return execute(node.body);
}

Result<Evaluator::Flow> Evaluator::run(const Scoped& node) {
  const Frame frame(this, inner(scope_));
  return execute(node.body);
}

Result<Evaluator::Flow> Evaluator::run(const Block& node) {
  const Frame frame(this, inner(root_));
  return execute(node.body);
}

Result<Evaluator::Flow> Evaluator::run(const Unavailable& node) {
  return failure("the tag '" + node.tag + "' asks for another template, and a chat template stands alone");
}

}  // namespace kt::core::jinja
