// The variable `loop` of a for block.
#pragma once

#include <memory>

#include "core/jinja/evaluator.h"

namespace kt::core::jinja {

class LoopValue final : public Object {
 public:
  LoopValue(Evaluator* evaluator, const For* node, std::shared_ptr<Scope> outer, std::unique_ptr<Iterator> iterator,
            std::optional<int64_t> length, int depth)
      : evaluator_(evaluator),
        node_(node),
        outer_(std::move(outer)),
        iterator_(std::move(iterator)),
        length_(length),
        depth_(depth) {}

  const char* type_name() const override { return "LoopContext"; }
  std::string repr() const override;
  bool callable() const override { return true; }
  Result<Value> call(Runtime& runtime, Arguments arguments) override;
  Result<std::optional<Value>> attribute(Runtime& runtime, std::string_view name) override;

  // Moves to the next element; false at the end.
  Result<bool> advance(Runtime& runtime);
  const Value& current() const { return current_; }
  int64_t index0() const { return index0_; }
  bool changed(const Value& values);  // a tuple
  const For& node() const { return *node_; }
  const std::shared_ptr<Scope>& outer() const { return outer_; }
  int depth() const override { return 1; }
  int level() const { return depth_; }

 private:
  Result<bool> pull(Runtime& runtime, Value* out);
  Status peek(Runtime& runtime);
  Result<int64_t> count(Runtime& runtime);

  Evaluator* evaluator_;
  const For* node_;
  std::shared_ptr<Scope> outer_;
  std::unique_ptr<Iterator> iterator_;
  std::optional<int64_t> length_;
  int depth_;
  int64_t index0_ = -1;
  std::optional<Value> next_, last_changed_;
  Value current_, previous_;
};

}  // namespace kt::core::jinja
