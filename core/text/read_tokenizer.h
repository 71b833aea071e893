// Tokenizers from the files that models come with.
#pragma once

#include <cstdint>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/io/gguf_vocabulary.h"
#include "core/text/text_fields.h"
#include "core/text/tokenizer.h"

namespace kt::core {

// From tokenizer.json and tokenizer_config.json (null: none). `rows` is the number of rows of the token embedding, which ids must
// not exceed (kMaxTokens: not known). KT-E0420.
Result<Tokenizer> tokenizer_from_json(const Json& tokenizer, const Json& config, int64_t rows = kMaxTokens);

// From the vocabulary of a GGUF file. KT-E0420.
Result<Tokenizer> tokenizer_from_gguf(const GgufVocabulary& vocabulary);

}  // namespace kt::core
