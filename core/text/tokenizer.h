// From text to token ids and back.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/text/text_part.h"

namespace kt::core {

struct TokenizerParts;

struct EncodeOptions {
  bool add_special = true;     // begin and end of sequence, as the model wants them
  bool parse_special = false;  // control tokens written in the text become those tokens; otherwise they are plain text
};

// Immutable; const methods may run in several threads at once. Texts that are not UTF-8 are read with every bad part as U+FFFD.
class Tokenizer {
 public:
  explicit Tokenizer(std::unique_ptr<const TokenizerParts> parts);
  Tokenizer(Tokenizer&&) noexcept;
  ~Tokenizer();

  std::vector<int32_t> encode(std::string_view text, const EncodeOptions& options = {}) const;
  // The tokens of the joined text, with control tokens found in parts that are not input only.
  std::vector<int32_t> encode_parts(std::span<const TextPart> parts, bool add_special) const;
  // Ids outside the vocabulary give nothing. Always valid UTF-8.
  std::string decode(std::span<const int32_t> ids, bool skip_special) const;

  // The token as the vocabulary writes it ("Ġthe", "▁the", "<s>"), empty for ids that are not in use.
  std::string piece(int32_t id) const;
  bool has(int32_t id) const;
  // The id of a token by its exact text in the vocabulary, or -1.
  int32_t find(std::string_view piece) const;
  // Tokens that decode() leaves out with skip_special.
  bool is_special(int32_t id) const;
  int32_t vocab_size() const;  // largest id + 1
  int32_t bos() const;         // -1: none
  int32_t eos() const;         // -1: none

  const TokenizerParts& parts() const { return *parts_; }

 private:
  std::unique_ptr<const TokenizerParts> parts_;
};

}  // namespace kt::core
