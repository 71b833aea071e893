#include "core/text/read_model.h"

#include <cmath>

#include "core/text/bpe.h"
#include "core/text/text_fields.h"
#include "core/text/unigram.h"
#include "core/text/word_piece.h"

namespace kt::core {
namespace {

// Files of old versions do not name the type.
std::string model_type(TextFields& fields) {
  if (fields.find("type")) return fields.text("type");
  if (fields.find("merges")) return "BPE";
  const Json* vocabulary = fields.find("vocab");
  return vocabulary && vocabulary->is_array() ? "Unigram" : "WordPiece";
}

Status add_token(std::string_view piece, int32_t id, Vocabulary* vocabulary) {
  if (piece.size() > AddedTokens::kMaxContent)
    return bad_tokenizer("model.vocab", "token " + std::to_string(id) + " is too long");
  if (vocabulary->add(piece, id)) return {};
  return bad_tokenizer("model.vocab", "token '" + std::string(piece) + "' or its id " + std::to_string(id) + " is there twice");
}

// The text of every merge: "left right", or a list of both.
Result<std::pair<std::string_view, std::string_view>> merge_sides(const Json& merge, size_t index) {
  const std::string where = "model.merges[" + std::to_string(index) + "]";
  if (merge.is_string()) {
    const std::string_view text = merge.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    const bool ok = space != std::string_view::npos && space > 0 && space + 1 < text.size() &&
                    text.find(' ', space + 1) == std::string_view::npos;
    if (!ok) return bad_tokenizer(where, "'" + std::string(text) + "' is no pair of tokens");
    return std::pair(text.substr(0, space), text.substr(space + 1));
  }
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
    return bad_tokenizer(where, "must be a pair of tokens");
  return std::pair<std::string_view, std::string_view>(merge[0].get_ref<const std::string&>(),
                                                       merge[1].get_ref<const std::string&>());
}

Result<int32_t> unknown_token(TextFields& fields, const Vocabulary& vocabulary) {
  const std::string unk = fields.text("unk_token");
  if (unk.empty()) return -1;
  const int32_t id = vocabulary.find(unk);
  if (id < 0) return bad_tokenizer(fields.where("unk_token"), "'" + unk + "' is not in the vocabulary");
  return id;
}

Status read_bpe(TextFields& fields, TokenizerParts* parts) {
  BpeOptions options;
  options.unk = KT_TRY(unknown_token(fields, parts->vocabulary));
  options.fuse_unk = fields.flag("fuse_unk", false);
  options.byte_fallback = fields.flag("byte_fallback", false);
  options.ignore_merges = fields.flag("ignore_merges", false);
  options.prefix = fields.text("continuing_subword_prefix");
  options.suffix = fields.text("end_of_word_suffix");
  const Json* list = fields.list("merges");
  KT_TRY(std::move(fields.status));
  if (!list) return bad_tokenizer("model.merges", "is missing");
  if (list->size() > static_cast<size_t>(kMaxTokens)) return bad_tokenizer("model.merges", "there are too many");
  std::vector<bool> is_control = control_flags(*parts);
  MergeTable merges;
  merges.reserve(list->size());
  for (size_t i = 0; i < list->size(); ++i) {
    const auto [left, right] = KT_TRY(merge_sides((*list)[i], i));
    KT_TRY(add_merge(parts->vocabulary, is_control, left, right, options.prefix.size(), static_cast<int32_t>(i), &merges));
  }
  parts->model = std::make_unique<Bpe>(&parts->vocabulary, std::move(merges), std::move(options), std::move(is_control));
  return {};
}

Status read_unigram(TextFields& fields, TokenizerParts* parts) {
  const Json& list = *fields.list("vocab");
  UnigramOptions options;
  options.byte_fallback = fields.flag("byte_fallback", false);
  std::vector<double> scores;
  for (const Json& entry : list) scores.push_back(entry[1].get<double>());
  if (const Json* unk = fields.find("unk_id"))
    options.unk = KT_TRY(token_id(*unk, static_cast<int64_t>(list.size()), fields.where("unk_id")));
  KT_TRY(std::move(fields.status));
  std::vector<bool> is_control = control_flags(*parts);
  if (options.unk >= 0) is_control[static_cast<size_t>(options.unk)] = true;
  parts->model = std::make_unique<Unigram>(&parts->vocabulary, std::move(scores), options, is_control);
  return {};
}

Status read_word_piece(TextFields& fields, TokenizerParts* parts) {
  const int32_t unk = KT_TRY(unknown_token(fields, parts->vocabulary));
  const int64_t longest = fields.integer("max_input_chars_per_word", 100);
  const std::string prefix = fields.text("continuing_subword_prefix", "##");
  KT_TRY(std::move(fields.status));
  if (unk < 0) return bad_tokenizer("model.unk_token", "is missing");
  if (longest < 1 || longest > 1000) return bad_tokenizer("model.max_input_chars_per_word", "is outside [1, 1000]");
  parts->model = std::make_unique<WordPiece>(&parts->vocabulary, unk, prefix, static_cast<size_t>(longest));
  return {};
}

Status read_scored_vocabulary(const Json& list, int64_t limit, Vocabulary* vocabulary) {
  vocabulary->reserve(list.size());
  for (size_t i = 0; i < list.size(); ++i) {
    const Json& entry = list[i];
    const std::string where = "model.vocab[" + std::to_string(i) + "]";
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      return bad_tokenizer(where, "must be a pair of a token and its score");
    const int32_t id = KT_TRY(token_id(Json(i), limit, where));
    KT_TRY(add_token(entry[0].get_ref<const std::string&>(), id, vocabulary));
  }
  return {};
}

}  // namespace

Status read_model_vocabulary(const Json& model, int64_t limit, Vocabulary* vocabulary) {
  TextFields fields(model, "model");
  const bool is_unigram = model_type(fields) == "Unigram";
  const Json* entries = is_unigram ? fields.list("vocab") : fields.object("vocab");
  KT_TRY(std::move(fields.status));
  if (!entries || entries->empty()) return bad_tokenizer("model.vocab", "is missing or empty");
  if (is_unigram) return read_scored_vocabulary(*entries, limit, vocabulary);
  vocabulary->reserve(entries->size());
  for (const auto& [piece, value] : entries->get_ref<const Json::object_t&>()) {
    if (!value.is_number_integer()) return token_id(value, limit, "model.vocab['" + piece + "']").status();
    const Result<int32_t> id = token_id(value, limit, "model.vocab");
    if (!id.ok()) return token_id(value, limit, "model.vocab['" + piece + "']").status();
    KT_TRY(add_token(piece, *id, vocabulary));
  }
  return {};
}

Status read_model(const Json& model, TokenizerParts* parts) {
  TextFields fields(model, "model");
  const std::string type = model_type(fields);
  if (type == "BPE") return read_bpe(fields, parts);
  if (type == "Unigram") return read_unigram(fields, parts);
  if (type == "WordPiece") return read_word_piece(fields, parts);
  return bad_tokenizer("model.type", "'" + type + "' is not supported", "kt knows BPE, Unigram, WordPiece");
}

std::vector<bool> control_flags(const TokenizerParts& parts) {
  std::vector<bool> flags(static_cast<size_t>(parts.vocabulary.size()));
  for (const AddedToken& token : parts.added.tokens())
    if (token.is_control() && parts.vocabulary.has(token.id)) flags[static_cast<size_t>(token.id)] = true;
  return flags;
}

Status add_merge(const Vocabulary& vocabulary, const std::vector<bool>& is_control, std::string_view left, std::string_view right,
                 size_t prefix_size, int32_t rank, MergeTable* merges) {
  const auto where = [&] {
    return "merge " + std::to_string(rank) + " ('" + std::string(left) + "' '" + std::string(right) + "')";
  };
  const int32_t left_id = vocabulary.find(left), right_id = vocabulary.find(right);
  if (left_id < 0 || right_id < 0 || right.size() < prefix_size) return bad_tokenizer(where(), "a side is not in the vocabulary");
  std::string joined(left);
  joined += right.substr(prefix_size);
  const int32_t merged = vocabulary.find(joined);
  if (merged < 0) return bad_tokenizer(where(), "the result is not in the vocabulary");
  if (!is_control[static_cast<size_t>(merged)]) merges->add(left_id, right_id, rank, merged);
  return {};
}

}  // namespace kt::core
