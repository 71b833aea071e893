// WordPiece: from left to right the longest token that fits.
// Source of the method: Devlin et al., "BERT" (2019).
#pragma once

#include <string>

#include "core/text/token_model.h"
#include "core/text/vocabulary.h"

namespace kt::core {

class WordPiece : public TokenModel {
 public:
  // `vocabulary` outlives this object. Pieces longer than `max_characters` are unknown.
  WordPiece(const Vocabulary* vocabulary, int32_t unk, std::string prefix, size_t max_characters)
      : vocabulary_(vocabulary), unk_(unk), prefix_(std::move(prefix)), max_characters_(max_characters) {}

  void encode(std::string_view piece, std::vector<int32_t>* ids) const override;

 private:
  const Vocabulary* vocabulary_;
  int32_t unk_;
  std::string prefix_;  // of tokens inside a word
  size_t max_characters_;
};

}  // namespace kt::core
