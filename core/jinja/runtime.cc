#include "core/jinja/runtime.h"

namespace kt::core::jinja {

Runtime::~Runtime() {
  for (const auto& space : spaces_) space->values = Dict();
}

Status Runtime::out_of_steps() const {
  return limit_reached("the template takes more than " + std::to_string(options_.steps) + " steps");
}

Result<Value> Runtime::made(Text text) {
  if (text.overflowed()) return limit_reached("a string would be longer than " + std::to_string(kMaxTextBytes) + " bytes");
  text_bytes_ += static_cast<int64_t>(text.size());
  if (text_bytes_ > options_.text_bytes)
    return limit_reached("the strings made by the template exceed " + std::to_string(options_.text_bytes) + " bytes");
  KT_TRY(charge(static_cast<int64_t>(text.size() / 1024)));
  return Value(std::move(text));
}

}  // namespace kt::core::jinja
