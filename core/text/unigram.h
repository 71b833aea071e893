// Unigram language model: the most likely way to write a piece as tokens.
// Source of the method: Kudo, "Subword Regularization" (2018).
#pragma once

#include <array>

#include "core/text/text_trie.h"
#include "core/text/token_model.h"
#include "core/text/vocabulary.h"

namespace kt::core {

struct UnigramOptions {
  int32_t unk = -1;  // the token of unknown characters; -1: they vanish
  bool byte_fallback = false;
};

class Unigram : public TokenModel {
 public:
  // `vocabulary` outlives this object; scores[id] is the log probability. Tokens with `is_control` are never made from text.
  Unigram(const Vocabulary* vocabulary, std::vector<double> scores, UnigramOptions options, const std::vector<bool>& is_control);

  void encode(std::string_view piece, std::vector<int32_t>* ids) const override;

 private:
  struct Best {
    double score;
    size_t begin;
    int32_t token;  // -1: an unknown character
  };

  std::vector<Best> best_paths(std::string_view piece) const;
  void append_unknown(std::string_view text, std::vector<int32_t>* ids) const;

  std::vector<double> scores_;
  UnigramOptions options_;
  double unknown_score_ = 0;
  TextTrie tokens_;
  std::array<int32_t, 256> bytes_{};
};

}  // namespace kt::core
