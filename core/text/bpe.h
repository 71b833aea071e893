// Byte-pair encoding: the characters of a piece are joined pair by pair, the earliest merge first.
// Source of the method: Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016).
#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/text/merge_table.h"
#include "core/text/token_model.h"
#include "core/text/vocabulary.h"

namespace kt::core {

struct BpeOptions {
  int32_t unk = -1;            // the token of unknown characters; -1: they vanish
  bool fuse_unk = false;       // neighbouring unknown characters are one token
  bool byte_fallback = false;  // unknown characters become their bytes
  bool ignore_merges = false;  // a piece that is a token stays whole
  std::string prefix;          // of every character but the first of a piece
  std::string suffix;          // of the last character of a piece
};

class Bpe : public TokenModel {
 public:
  // `vocabulary` outlives this object. Pieces for which `is_control` is set are never made from text.
  Bpe(const Vocabulary* vocabulary, MergeTable merges, BpeOptions options, std::vector<bool> is_control);

  void encode(std::string_view piece, std::vector<int32_t>* ids) const override;

 private:
  struct Symbol {
    int32_t id;
    int32_t previous, next;  // -1: none
  };
  struct Candidate {
    int32_t rank, left, merged;
    bool operator<(const Candidate& other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
  };

  void split(std::string_view piece, std::vector<Symbol>* symbols) const;
  bool append_bytes(std::string_view text, std::vector<Symbol>* symbols) const;
  void merge(std::vector<Symbol>* symbols) const;

  const Vocabulary* vocabulary_;
  MergeTable merges_;
  BpeOptions options_;
  std::vector<bool> is_control_;
  std::array<int32_t, 256> bytes_{};
};

}  // namespace kt::core
