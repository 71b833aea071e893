// Text of tokens that arrive one by one, in whole code points.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/text/tokenizer.h"

namespace kt::core {

// All results of push() and finish(), joined, are Tokenizer::decode() of all ids. What a later token could still change is held
// back: bytes of an unfinished character, spaces that a decoder strips.
class Detokenizer {
 public:
  // The tokenizer outlives this object.
  Detokenizer(const Tokenizer& tokenizer, bool skip_special);
  Detokenizer(Detokenizer&&) noexcept;
  ~Detokenizer();

  // The text that `id` completes, possibly empty.
  std::string push(int32_t id);
  // What is still held back; afterwards a new text begins.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kt::core
