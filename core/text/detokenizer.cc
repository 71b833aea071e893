#include "core/text/detokenizer.h"

#include "core/text/tokenizer_parts.h"

namespace kt::core {

struct Detokenizer::State {
  const Tokenizer& tokenizer;
  bool skip_special;
  DecodeChain chain;
};

Detokenizer::Detokenizer(const Tokenizer& tokenizer, bool skip_special)
    : state_(new State{tokenizer, skip_special, DecodeChain(tokenizer.parts().decoder)}) {}
Detokenizer::Detokenizer(Detokenizer&&) noexcept = default;
Detokenizer::~Detokenizer() = default;

std::string Detokenizer::push(int32_t id) {
  const bool is_skipped = !state_->tokenizer.has(id) || (state_->skip_special && state_->tokenizer.is_special(id));
  if (!is_skipped) state_->chain.push(state_->tokenizer.piece(id));
  return state_->chain.take();
}

std::string Detokenizer::finish() {
  state_->chain.finish();
  return state_->chain.take();
}

}  // namespace kt::core
