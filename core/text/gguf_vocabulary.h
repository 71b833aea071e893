// A tokenizer.json as the vocabulary of a GGUF file.
#pragma once

#include <cstdint>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/io/gguf_vocabulary.h"

namespace kt::core {

// `rows` is the number of rows of the token embedding; ids without a token become unused ones. The result is checked: a tokenizer
// read from it encodes sample texts and every token of the vocabulary as the given one does. KT-E0420 if GGUF has no way to say
// what the tokenizer does. The chat template is left empty.
Result<GgufVocabulary> gguf_vocabulary(const Json& tokenizer, const Json& config, int64_t rows);

}  // namespace kt::core
