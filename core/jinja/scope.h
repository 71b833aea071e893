// The variables that a part of a template sees.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/jinja/ast.h"

namespace kt::core::jinja {

// A lookup that finds nothing goes on in the parent; assignments never do.
struct Scope {
  explicit Scope(std::shared_ptr<Scope> parent) : parent(std::move(parent)) {}

  const Value* find(Symbol symbol) const {
    for (const Scope* scope = this; scope; scope = scope->parent.get())
      for (const auto& [name, value] : scope->values)
        if (name == symbol) return &value;
    return nullptr;
  }
  void set(Symbol symbol, Value value) {
    for (auto& [name, old] : values)
      if (name == symbol) {
        old = std::move(value);
        return;
      }
    values.emplace_back(symbol, std::move(value));
  }

  std::shared_ptr<Scope> parent;
  std::vector<std::pair<Symbol, Value>> values;
};

}  // namespace kt::core::jinja
