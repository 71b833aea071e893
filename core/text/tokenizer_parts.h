// What a tokenizer consists of.
#pragma once

#include <memory>
#include <vector>

#include "core/text/added_tokens.h"
#include "core/text/decoder.h"
#include "core/text/normalizer.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/token_model.h"
#include "core/text/vocabulary.h"

namespace kt::core {

struct TokenizerParts {
  Vocabulary vocabulary;  // the model's; stays where it is, since the model refers to it
  AddedTokens added;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::unique_ptr<const TokenModel> model;
  std::vector<int32_t> prefix, suffix;  // begin and end of sequence
  std::vector<DecoderStep> decoder;
  int32_t bos = -1, eos = -1;
};

}  // namespace kt::core
