// How the byte-level tokenizers of GGUF files cut text, by their name in tokenizer.ggml.pre.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/text/pre_tokenizer.h"

namespace kt::core {

struct GgufPreTokenizer {
  std::span<const char* const> patterns;  // each cuts the pieces that the one before has left
  bool ignore_merges = false;             // a piece that is a token stays whole
  bool nfc = false;                       // the text is normalised first
  bool add_bos = false;                   // if the file does not say
};

// Null for unknown names.
const GgufPreTokenizer* find_gguf_pre_tokenizer(std::string_view name);
// The known names, first those that other programs know best.
std::vector<std::string_view> gguf_pre_tokenizer_names();

// The cuts, and the bytes as characters behind them.
Result<PreTokenizer> make_pre_tokenizer(const GgufPreTokenizer& pre);

}  // namespace kt::core
