// One rendering under way: its limits and what it has used of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/jinja/object.h"
#include "core/jinja/template.h"

namespace kt::core::jinja {

class Runtime {
 public:
  explicit Runtime(const RenderOptions& options) : options_(options) {}

  const RenderOptions& options() const { return options_; }
  // KT-E0414 once the steps are used up.
  Status charge(int64_t steps) {
    steps_ += steps;
    if (steps_ <= options_.steps) return {};
    return out_of_steps();
  }
  // A string that an operation made; KT-E0414 if it is too long, or all of them together.
  Result<Value> made(Text text);
  // Namespaces can hold each other; they are emptied when the rendering ends.
  void keep(std::shared_ptr<Namespace> space) { spaces_.push_back(std::move(space)); }
  ~Runtime();

 private:
  Status out_of_steps() const;

  RenderOptions options_;
  int64_t steps_ = 0;
  int64_t text_bytes_ = 0;
  std::vector<std::shared_ptr<Namespace>> spaces_;
};

}  // namespace kt::core::jinja
