#include <algorithm>

#include "core/text/read_model.h"
#include "core/text/read_tokenizer.h"
#include "core/text/tokenizer_parts.h"

namespace kt::core {
namespace {

constexpr size_t kMaxAround = 1024;

// Ids may leave holes, but not so many that a small file takes much memory.
int64_t id_limit(const Json& root, int64_t rows) {
  const auto count = [](const Json* value) { return value ? static_cast<int64_t>(value->size()) : 0; };
  TextFields fields(root, "");
  const Json* model = fields.object("model");
  const Json* vocabulary = model ? TextFields(*model, "model").find("vocab") : nullptr;
  return std::min({rows, kMaxTokens, 4 * (count(vocabulary) + count(fields.find("added_tokens"))) + 65536});
}

Result<AddedToken> read_added_token(const Json& value, int64_t limit, const std::string& where) {
  TextFields fields(value, where);
  AddedToken token;
  token.content = fields.required_text("content");
  token.special = fields.flag("special", false);
  token.single_word = fields.flag("single_word", false);
  token.lstrip = fields.flag("lstrip", false);
  token.rstrip = fields.flag("rstrip", false);
  token.normalized = fields.flag("normalized", !token.special);
  KT_TRY(std::move(fields.status));
  const Json* id = fields.find("id");
  if (!id) return bad_tokenizer(where, "has no id");
  token.id = KT_TRY(token_id(*id, limit, where));
  return token;
}

Status read_added_tokens(const Json& list, int64_t limit, TokenizerParts* parts) {
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string where = "added_tokens[" + std::to_string(i) + "]";
    AddedToken token = KT_TRY(read_added_token(list[i], limit, where));
    const int32_t known = parts->vocabulary.find(token.content);
    if (known >= 0 && known != token.id)
      return bad_tokenizer(
          where, "'" + token.content + "' has id " + std::to_string(token.id) + ", in the vocabulary " + std::to_string(known));
    if (known < 0 && parts->vocabulary.has(token.id))
      return bad_tokenizer(
          where, "id " + std::to_string(token.id) + " is '" + parts->vocabulary.piece(token.id) + "' in the vocabulary");
    const std::string searched = token.normalized ? parts->normalizer.apply(token.content) : token.content;
    KT_TRY(parts->added.add(std::move(token), searched));
  }
  return {};
}

// What the post-processors put before and behind the text.
class PostProcessorReader {
 public:
  explicit PostProcessorReader(TokenizerParts* parts) : parts_(parts) {}

  Status read(const Json& value, const std::string& where) {
    TextFields fields(value, where);
    const std::string type = fields.required_text("type");
    KT_TRY(std::move(fields.status));
    if (type == "ByteLevel") return {};
    if (type == "Sequence") return sequence(fields);
    if (type == "TemplateProcessing") return templates(fields);
    if (type == "BertProcessing" || type == "RobertaProcessing") return pair(fields);
    return bad_tokenizer(fields.where("type"), "post-processor '" + type + "' is not supported",
                         "kt knows TemplateProcessing, ByteLevel, BertProcessing, RobertaProcessing, Sequence");
  }

 private:
  Status sequence(TextFields& fields) {
    const Json* list = fields.list("processors");
    KT_TRY(std::move(fields.status));
    if (!list) return bad_tokenizer(fields.where("processors"), "must be a list");
    for (size_t i = 0; i < list->size(); ++i)
      KT_TRY(read((*list)[i], fields.where("processors") + "[" + std::to_string(i) + "]"));
    return {};
  }

  Result<int32_t> known_id(const Json& value, const std::string& where) const {
    const int32_t limit = std::max(parts_->vocabulary.size(), parts_->added.size());
    const int32_t id = KT_TRY(token_id(value, limit, where));
    if (!parts_->vocabulary.has(id) && !parts_->added.find(id))
      return bad_tokenizer(where, "id " + std::to_string(id) + " is no token");
    return id;
  }

  Status wrap(const std::vector<int32_t>& before, const std::vector<int32_t>& behind) {
    parts_->prefix.insert(parts_->prefix.begin(), before.begin(), before.end());
    parts_->suffix.insert(parts_->suffix.end(), behind.begin(), behind.end());
    if (parts_->prefix.size() + parts_->suffix.size() <= kMaxAround) return {};
    return bad_tokenizer("post_processor", "puts more than " + std::to_string(kMaxAround) + " tokens around a text");
  }

  // {"single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"<s>": {"ids": [1]}}}
  Status templates(TextFields& fields) {
    const Json* single = fields.list("single");
    const Json* known = fields.object("special_tokens");
    KT_TRY(std::move(fields.status));
    if (!single) return bad_tokenizer(fields.where("single"), "must be a list");
    std::vector<int32_t> sides[2];
    int texts = 0;
    for (const Json& item : *single) {
      TextFields entry(item, fields.where("single"));
      if (entry.find("Sequence")) {
        if (++texts > 1) break;
        continue;
      }
      const Json* special = entry.object("SpecialToken");
      if (!special) return bad_tokenizer(fields.where("single"), "an entry is neither a Sequence nor a SpecialToken");
      const std::string name = TextFields(*special, fields.where("single")).text("id");
      KT_TRY(template_ids(known, name, fields.where("special_tokens"), &sides[texts]));
    }
    if (texts != 1) return bad_tokenizer(fields.where("single"), "must hold the text once");
    return wrap(sides[0], sides[1]);
  }

  Status template_ids(const Json* known, const std::string& name, const std::string& where, std::vector<int32_t>* out) const {
    const auto entry = known ? known->find(name) : Json::const_iterator();
    if (!known || entry == known->end()) return bad_tokenizer(where, "'" + name + "' is missing");
    TextFields fields(*entry, where + "." + name);
    const Json* ids = fields.list("ids");
    KT_TRY(std::move(fields.status));
    if (!ids) return bad_tokenizer(fields.where("ids"), "must be a list");
    for (const Json& id : *ids) out->push_back(KT_TRY(known_id(id, fields.where("ids"))));
    return {};
  }

  // {"cls": ["<s>", 0], "sep": ["</s>", 2]}
  Status pair(TextFields& fields) {
    std::vector<int32_t> sides[2];
    for (int i = 0; i < 2; ++i) {
      const char* key = i == 0 ? "cls" : "sep";
      const Json* entry = fields.list(key);
      if (!entry || entry->size() != 2) return bad_tokenizer(fields.where(key), "must be a token and its id");
      sides[i].push_back(KT_TRY(known_id((*entry)[1], fields.where(key))));
    }
    return wrap(sides[0], sides[1]);
  }

  TokenizerParts* parts_;
};

// A token of tokenizer_config.json: its text, or an object with it. -1 if there is none, or if it is not in the vocabulary.
int32_t config_token(TextFields& config, const char* key, const TokenizerParts& parts) {
  const Json* value = config.find(key);
  if (value && value->is_object()) value = TextFields(*value, key).find("content");
  if (!value || !value->is_string()) return -1;
  const std::string& text = value->get_ref<const std::string&>();
  const int32_t added = parts.added.find(text);
  return added >= 0 ? added : parts.vocabulary.find(text);
}

// Classes that make begin and end of sequence from their own flags, whatever tokenizer.json says.
bool has_own_post_processor(const std::string& tokenizer_class) {
  std::string_view name = tokenizer_class;
  if (name.ends_with("Fast")) name.remove_suffix(4);
  return name == "LlamaTokenizer" || name == "CodeLlamaTokenizer" || name == "GemmaTokenizer" || name == "CohereTokenizer";
}

Status apply_config(const Json& value, TokenizerParts* parts) {
  if (value.is_null()) return {};
  TextFields config(value, "tokenizer_config.json");
  parts->bos = config_token(config, "bos_token", *parts);
  parts->eos = config_token(config, "eos_token", *parts);
  if (has_own_post_processor(config.text("tokenizer_class"))) {
    parts->prefix.clear();
    parts->suffix.clear();
    if (config.flag("add_bos_token", true) && parts->bos >= 0) parts->prefix = {parts->bos};
    if (config.flag("add_eos_token", false) && parts->eos >= 0) parts->suffix = {parts->eos};
  }
  if (config.flag("clean_up_tokenization_spaces", false)) {
    const auto steps = clean_up_steps();
    parts->decoder.insert(parts->decoder.end(), steps.begin(), steps.end());
  }
  return std::move(config.status);
}

}  // namespace

Result<Tokenizer> tokenizer_from_json(const Json& tokenizer, const Json& config, int64_t rows) {
  TextFields fields(tokenizer, "");
  const Json* model = fields.object("model");
  const Json* added = fields.list("added_tokens");
  KT_TRY(std::move(fields.status));
  if (!model) return bad_tokenizer("model", "is missing", "the file is no tokenizer.json, or it is not complete");
  const int64_t limit = id_limit(tokenizer, rows);
  auto parts = std::make_unique<TokenizerParts>();
  KT_TRY(read_model_vocabulary(*model, limit, &parts->vocabulary));
  if (const Json* value = fields.find("normalizer")) parts->normalizer = KT_TRY(Normalizer::read(*value));
  if (added) KT_TRY(read_added_tokens(*added, limit, parts.get()));
  if (const Json* value = fields.find("pre_tokenizer")) parts->pre_tokenizer = KT_TRY(PreTokenizer::read(*value));
  KT_TRY(read_model(*model, parts.get()));
  if (const Json* value = fields.find("post_processor")) KT_TRY(PostProcessorReader(parts.get()).read(*value, "post_processor"));
  const Json* decoder = fields.find("decoder");
  parts->decoder = KT_TRY(read_decoder(decoder ? *decoder : Json()));
  KT_TRY(apply_config(config, parts.get()));
  return Tokenizer(std::move(parts));
}

}  // namespace kt::core
