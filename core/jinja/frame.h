// The scope and the output of a block while it runs.
#pragma once

#include <memory>
#include <utility>

#include "core/jinja/evaluator.h"

namespace kt::core::jinja {

// Puts the scope (and the output, if there is one) back at the end of a block.
class Evaluator::Frame {
 public:
  Frame(Evaluator* evaluator, std::shared_ptr<Scope> scope, Text* out = nullptr)
      : evaluator_(*evaluator), scope_(std::move(evaluator_.scope_)), out_(evaluator_.out_) {
    evaluator_.scope_ = std::move(scope);
    if (out) evaluator_.out_ = out;
  }
  ~Frame() {
    evaluator_.scope_ = std::move(scope_);
    evaluator_.out_ = out_;
  }

 private:
  Evaluator& evaluator_;
  std::shared_ptr<Scope> scope_;
  Text* out_;
};

}  // namespace kt::core::jinja
