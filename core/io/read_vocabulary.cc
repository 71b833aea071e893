#include "core/io/read_vocabulary.h"

#include <cmath>

#include "core/io/untrusted_text.h"

namespace kt::core {
namespace {

constexpr int64_t kLastTokenType = 6;
constexpr const char* kSpacePrefixKey = "kt.tokenizer.space_prefix";

class VocabularyReader {
 public:
  VocabularyReader(const GgufMetadata& metadata, const std::string& path) : metadata_(metadata), path_(path) {}

  Result<GgufVocabulary> read(uint64_t rows) {
    GgufVocabulary out;
    KT_TRY(texts(out));
    KT_TRY(strings("tokenizer.ggml.tokens", out.tokens));
    if (out.tokens.empty()) return error("tokenizer.ggml.tokens", "is empty");
    if (rows != 0 && rows != out.tokens.size())
      return error("tokenizer.ggml.tokens", "has " + std::to_string(out.tokens.size()) + " tokens, the embedding has " +
                                                std::to_string(rows) + " rows");
    KT_TRY(types(out));
    KT_TRY(scores(out));
    KT_TRY(merges(out));
    KT_TRY(ids(out));
    KT_TRY(flags(out));
    return out;
  }

 private:
  Error error(const char* key, const std::string& reason) const {
    return fail(403, path_ + ": key '" + key + "' " + reason, "the vocabulary is damaged; fetch the file or convert the model again");
  }

  const GgufValue* find(const char* key) const {
    const auto it = metadata_.find(key);
    return it == metadata_.end() ? nullptr : &it->second;
  }

  Status text(const char* key, std::string& out) {
    const GgufValue* value = find(key);
    if (value == nullptr) return {};
    if (value->as_string() == nullptr) return error(key, "is no string");
    out = *value->as_string();
    return {};
  }

  Status texts(GgufVocabulary& out) {
    KT_TRY(text("tokenizer.ggml.model", out.model));
    KT_TRY(text("tokenizer.ggml.pre", out.pre));
    if (out.model.empty()) return error("tokenizer.ggml.model", "is missing or empty");
    return text("tokenizer.chat_template", out.chat_template);
  }

  Status strings(const char* key, std::vector<std::string>& out) {
    const GgufValue* value = find(key);
    if (value == nullptr) return {};
    const GgufArray* array = value->as_array();
    if (array == nullptr || array->element != GgufType::kString) return error(key, "is no array of strings");
    out = array->strings;
    return {};
  }

  // The array of a key with one number for each token, or null.
  Result<const GgufArray*> numbers(const char* key, size_t tokens) {
    const GgufValue* value = find(key);
    if (value == nullptr) return nullptr;
    const GgufArray* array = value->as_array();
    if (array == nullptr) return error(key, "is no array");
    if (array->count != tokens)
      return error(key, "has " + std::to_string(array->count) + " values for " + std::to_string(tokens) + " tokens");
    return array;
  }

  Status types(GgufVocabulary& out) {
    constexpr const char* kKey = "tokenizer.ggml.token_type";
    const GgufArray* array = KT_TRY(numbers(kKey, out.tokens.size()));
    for (uint64_t i = 0; array != nullptr && i < array->count; ++i) {
      const std::optional<int64_t> type = array->int_at(i);
      if (!type || *type < 0 || *type > kLastTokenType) return error(kKey, "has no type of a token at " + std::to_string(i));
      out.types.push_back(static_cast<int32_t>(*type));
    }
    return {};
  }

  Status scores(GgufVocabulary& out) {
    constexpr const char* kKey = "tokenizer.ggml.scores";
    const GgufArray* array = KT_TRY(numbers(kKey, out.tokens.size()));
    for (uint64_t i = 0; array != nullptr && i < array->count; ++i) {
      const std::optional<double> score = array->float_at(i);
      if (!score || std::isnan(*score)) return error(kKey, "has no number at " + std::to_string(i));
      out.scores.push_back(static_cast<float>(*score));
    }
    return {};
  }

  Status merges(GgufVocabulary& out) {
    constexpr const char* kKey = "tokenizer.ggml.merges";
    KT_TRY(strings(kKey, out.merges));
    for (size_t i = 0; i < out.merges.size(); ++i) {
      const std::string& merge = out.merges[i];
      const size_t space = merge.find(' ', 1);
      if (space == std::string::npos || space + 1 == merge.size())
        return error(kKey, "has no pair of tokens at " + std::to_string(i) + ": " + shown(merge));
    }
    return {};
  }

  Status id(const char* key, const GgufVocabulary& vocabulary, int64_t& out) {
    const GgufValue* value = find(key);
    if (value == nullptr) return {};
    const std::optional<int64_t> number = value->as_int();
    if (!number) return error(key, "is no token id");
    if (*number < 0 || *number >= static_cast<int64_t>(vocabulary.tokens.size()))
      return error(key, "is " + std::to_string(*number) + ", there are " + std::to_string(vocabulary.tokens.size()) + " tokens");
    out = *number;
    return {};
  }

  Status ids(GgufVocabulary& out) {
    KT_TRY(id("tokenizer.ggml.bos_token_id", out, out.bos));
    KT_TRY(id("tokenizer.ggml.eos_token_id", out, out.eos));
    KT_TRY(id("tokenizer.ggml.unknown_token_id", out, out.unk));
    return id("tokenizer.ggml.padding_token_id", out, out.pad);
  }

  Status flag(const char* key, std::optional<bool>& out) {
    const GgufValue* value = find(key);
    if (value == nullptr) return {};
    out = value->as_bool();
    return out ? Status() : error(key, "is no boolean");
  }

  Status flags(GgufVocabulary& out) {
    KT_TRY(flag("tokenizer.ggml.add_bos_token", out.add_bos));
    KT_TRY(flag("tokenizer.ggml.add_eos_token", out.add_eos));
    KT_TRY(flag("tokenizer.ggml.add_space_prefix", out.add_space_prefix));
    std::string where;
    KT_TRY(text(kSpacePrefixKey, where));
    if (!where.empty() && where != "first") return error(kSpacePrefixKey, "is " + shown(where) + ", needs 'first'");
    out.space_prefix_first_only = !where.empty();
    return {};
  }

  const GgufMetadata& metadata_;
  const std::string& path_;
};

}  // namespace

Result<std::optional<GgufVocabulary>> read_vocabulary(const GgufMetadata& metadata, uint64_t rows, const std::string& path) {
  if (!metadata.contains("tokenizer.ggml.tokens")) return std::optional<GgufVocabulary>();
  return std::optional(KT_TRY(VocabularyReader(metadata, path).read(rows)));
}

}  // namespace kt::core
