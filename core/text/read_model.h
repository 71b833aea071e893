// The part "model" of tokenizer.json.
#pragma once

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/text/merge_table.h"
#include "core/text/tokenizer_parts.h"

namespace kt::core {

// Fills the vocabulary. Ids are below `limit`.
Status read_model_vocabulary(const Json& model, int64_t limit, Vocabulary* vocabulary);
// Builds the model over the vocabulary and the added tokens, which must be complete.
Status read_model(const Json& model, TokenizerParts* parts);

// For every id of the vocabulary, whether it is a control token, which text must never become by merging.
std::vector<bool> control_flags(const TokenizerParts& parts);
// Adds "left right" as the next merge unless its result is a control token.
Status add_merge(const Vocabulary& vocabulary, const std::vector<bool>& is_control, std::string_view left, std::string_view right,
                 size_t prefix_size, int32_t rank, MergeTable* merges);

}  // namespace kt::core
