#include <algorithm>

#include "core/serve/chat.h"
#include "core/text/read_tokenizer.h"

namespace kt::core {
namespace {

// Tokens that end a turn in well-known templates; GGUF files name one end of sequence only.
constexpr const char* kTurnEnds[] = {"<|eot_id|>",    "<|eom_id|>",    "<|im_end|>",
                                     "<|end|>",       "<|return|>",    "<|user|>",
                                     "<end_of_turn>", "<|endoftext|>", "<｜end▁of▁sentence｜>"};

void add_stop(int64_t id, const Tokenizer& tokenizer, std::vector<int32_t>* out) {
  if (id < 0 || id >= tokenizer.vocab_size()) return;
  const auto token = static_cast<int32_t>(id);
  if (std::find(out->begin(), out->end(), token) == out->end()) out->push_back(token);
}

// "eos_token_id": one id or a list. False if the file does not say.
bool add_eos(const Json& config, const Tokenizer& tokenizer, std::vector<int32_t>* out) {
  if (!config.is_object()) return false;
  const auto found = config.find("eos_token_id");
  if (found == config.end() || found->is_null()) return false;
  const Json ids = found->is_array() ? *found : Json::array({*found});
  for (const Json& id : ids)
    if (id.is_number_integer()) add_stop(id.get<int64_t>(), tokenizer, out);
  return true;
}

Result<Tokenizer> read_folder(const ModelSource& source) {
  const int64_t rows = source.config.get_int("vocab_size").value_or(kMaxTokens);
  return tokenizer_from_json(KT_TRY(source.tokenizer_json()), source.tokenizer_config, std::clamp<int64_t>(rows, 1, kMaxTokens));
}

Result<Tokenizer> read_gguf(const ModelSource& source) {
  if (!source.vocabulary)
    return fail(kTokenizerError, source.path + ": has no vocabulary", "give --ids, or convert the model again");
  return tokenizer_from_gguf(*source.vocabulary);
}

}  // namespace

Result<std::shared_ptr<const Tokenizer>> load_tokenizer(const ModelSource& source) {
  Result<Tokenizer> tokenizer = source.kind == ModelSource::Kind::kGguf ? read_gguf(source) : read_folder(source);
  if (!tokenizer.ok()) return std::move(tokenizer).status().with_context(source.path);
  return std::shared_ptr<const Tokenizer>(std::make_shared<Tokenizer>(std::move(*tokenizer)));
}

std::vector<int32_t> stop_tokens(const ModelSource& source, const Tokenizer& tokenizer) {
  std::vector<int32_t> out;
  add_stop(tokenizer.eos(), tokenizer, &out);
  if (source.kind == ModelSource::Kind::kGguf) {
    for (const char* name : kTurnEnds)
      if (const int32_t id = tokenizer.find(name); tokenizer.is_special(id)) add_stop(id, tokenizer, &out);
  } else if (!add_eos(source.generation_config, tokenizer, &out)) {
    add_eos(source.config.json(), tokenizer, &out);
  }
  return out;
}

}  // namespace kt::core
