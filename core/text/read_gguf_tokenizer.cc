#include <algorithm>
#include <map>

#include "core/text/bpe.h"
#include "core/text/gguf_pre_tokenizer.h"
#include "core/text/read_model.h"
#include "core/text/read_tokenizer.h"
#include "core/text/unigram.h"

namespace kt::core {
namespace {

enum TokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

constexpr const char* kSpace = "▁";

class Reader {
 public:
  explicit Reader(const GgufVocabulary& source) : source_(source), parts_(std::make_unique<TokenizerParts>()) {}

  Result<Tokenizer> read() {
    KT_TRY(read_tokens());
    if (source_.model == "gpt2") {
      KT_TRY(read_byte_level());
    } else if (source_.model == "llama") {
      KT_TRY(read_scored_bpe());
    } else if (source_.model == "t5") {
      KT_TRY(read_unigram());
    } else {
      return bad_tokenizer("tokenizer.ggml.model", "'" + source_.model + "' is not supported", "kt knows gpt2, llama, t5");
    }
    parts_->bos = static_cast<int32_t>(source_.bos);
    parts_->eos = static_cast<int32_t>(source_.eos);
    if (source_.add_bos.value_or(add_bos_) && source_.bos >= 0) parts_->prefix = {parts_->bos};
    if (source_.add_eos.value_or(add_eos_) && source_.eos >= 0) parts_->suffix = {parts_->eos};
    return Tokenizer(std::move(parts_));
  }

 private:
  int32_t type(size_t id) const { return source_.types.empty() ? kNormal : source_.types[id]; }

  Status read_tokens() {
    if (static_cast<int64_t>(source_.tokens.size()) > kMaxTokens)
      return bad_tokenizer("tokenizer.ggml.tokens", "there are too many tokens");
    parts_->vocabulary.reserve(source_.tokens.size());
    for (size_t i = 0; i < source_.tokens.size(); ++i) {
      const auto id = static_cast<int32_t>(i);
      const std::string& text = source_.tokens[i];
      if (text.size() > AddedTokens::kMaxContent)
        return bad_tokenizer("tokenizer.ggml.tokens", "token " + std::to_string(i) + " is too long");
      // Padding of the vocabulary may repeat a text; the first id has it.
      if (!parts_->vocabulary.add(text, id)) parts_->vocabulary.add("", id);
      const bool is_added = type(i) == kControl || type(i) == kUserDefined || type(i) == kUnknown;
      if (!is_added || text.empty() || parts_->vocabulary.find(text) != id) continue;
      AddedToken token{.id = id, .content = text, .special = type(i) != kUserDefined};
      KT_TRY(parts_->added.add(std::move(token), text));
    }
    return {};
  }

  // Tokens that text must not become: control tokens, and those that are there for padding or for bytes.
  std::vector<bool> excluded() const {
    std::vector<bool> flags = control_flags(*parts_);
    for (size_t i = 0; i < flags.size(); ++i)
      if (type(i) == kUnused || type(i) == kByte) flags[i] = true;
    return flags;
  }

  Status read_byte_level() {
    const GgufPreTokenizer* pre = find_gguf_pre_tokenizer(source_.pre);
    if (!pre)
      return bad_tokenizer("tokenizer.ggml.pre", "'" + source_.pre + "' is not known",
                           "kt would cut the text in wrong places; a newer kt may know it");
    add_bos_ = pre->add_bos;
    parts_->pre_tokenizer = KT_TRY(make_pre_tokenizer(*pre));
    if (pre->nfc) parts_->normalizer = Normalizer({{.kind = Normalizer::Kind::kNfc}});
    parts_->decoder = {{.kind = DecoderStep::Kind::kByteLevel}};
    std::vector<bool> is_control = excluded();
    if (source_.merges.empty())
      return bad_tokenizer("tokenizer.ggml.merges", "is missing; a byte-level vocabulary cannot be used without its merges");
    MergeTable merges;
    merges.reserve(source_.merges.size());
    for (size_t i = 0; i < source_.merges.size(); ++i) {
      const std::string_view text = source_.merges[i];
      const size_t space = text.find(' ', 1);
      if (space == std::string_view::npos)
        return bad_tokenizer("tokenizer.ggml.merges", "entry " + std::to_string(i) + " is no pair of tokens");
      KT_TRY(add_merge(parts_->vocabulary, is_control, text.substr(0, space), text.substr(space + 1), 0, static_cast<int32_t>(i),
                       &merges));
    }
    parts_->model = std::make_unique<Bpe>(&parts_->vocabulary, std::move(merges), BpeOptions{.ignore_merges = pre->ignore_merges},
                                          std::move(is_control));
    return {};
  }

  // SentencePiece joins the neighbours whose joint token has the best score; as merges, in the order of the scores.
  Status read_scored_bpe() {
    if (source_.scores.empty()) return bad_tokenizer("tokenizer.ggml.scores", "is missing");
    add_bos_ = true;
    set_spaces(source_.add_space_prefix.value_or(true));
    std::vector<bool> is_control = excluded();
    const std::vector<int32_t> ranks = merge_ranks();
    MergeTable merges;
    for (size_t id = 0; id < source_.tokens.size(); ++id) {
      const bool is_first = parts_->vocabulary.find(source_.tokens[id]) == static_cast<int32_t>(id);
      if (is_first && type(id) == kNormal)
        add_splits(source_.tokens[id], static_cast<int32_t>(id), ranks[id], is_control, &merges);
    }
    const BpeOptions options{.unk = unknown(), .fuse_unk = true, .byte_fallback = true};
    parts_->model = std::make_unique<Bpe>(&parts_->vocabulary, std::move(merges), options, std::move(is_control));
    return {};
  }

  // Converters without the scores write the same for all tokens; then the tokens lie in the order in which they were merged.
  std::vector<int32_t> merge_ranks() const {
    std::map<float, int32_t, std::greater<>> ranks;
    for (size_t id = 0; id < source_.scores.size(); ++id)
      if (type(id) == kNormal) ranks[source_.scores[id]] = 0;
    int32_t next = 0;
    for (auto& [score, rank] : ranks) rank = next++;
    std::vector<int32_t> out(source_.tokens.size(), 0);
    for (size_t id = 0; id < out.size(); ++id)
      if (type(id) == kNormal) out[id] = ranks.size() == 1 ? static_cast<int32_t>(id) : ranks[source_.scores[id]];
    return out;
  }

  // Every way to make a token of two others.
  void add_splits(std::string_view token, int32_t id, int32_t rank, const std::vector<bool>& is_control,
                  MergeTable* merges) const {
    for (size_t at = 1; at < token.size(); ++at) {
      if ((static_cast<unsigned char>(token[at]) & 0xC0) == 0x80) continue;
      const int32_t left = parts_->vocabulary.find(token.substr(0, at)), right = parts_->vocabulary.find(token.substr(at));
      const bool usable =
          left >= 0 && right >= 0 && !is_control[static_cast<size_t>(left)] && !is_control[static_cast<size_t>(right)];
      if (usable) merges->add(left, right, rank, id);
    }
  }

  // The text is normalised to NFKC and its spaces are joined, which is nearly what such models were trained with.
  Status read_unigram() {
    if (source_.scores.empty()) return bad_tokenizer("tokenizer.ggml.scores", "is missing");
    add_eos_ = true;
    parts_->normalizer = Normalizer(
        {{.kind = Normalizer::Kind::kNfkc},
         {.kind = Normalizer::Kind::kStrip},
         {.kind = Normalizer::Kind::kReplace, .content = " ", .pattern = KT_TRY(TokenPattern::regex(" {2,}", "spaces"))}});
    const bool prefix = source_.add_space_prefix.value_or(true);
    parts_->pre_tokenizer = PreTokenizer({{.kind = PreTokenizer::Kind::kMetaspace,
                                           .replacement = kSpace,
                                           .prepend = !prefix                           ? PrependScheme::kNever
                                                      : source_.space_prefix_first_only ? PrependScheme::kFirst
                                                                                        : PrependScheme::kAlways}});
    set_space_decoder(prefix);
    const bool has_bytes = std::find(source_.types.begin(), source_.types.end(), kByte) != source_.types.end();
    parts_->model =
        std::make_unique<Unigram>(&parts_->vocabulary, std::vector<double>(source_.scores.begin(), source_.scores.end()),
                                  UnigramOptions{.unk = unknown(), .byte_fallback = has_bytes}, excluded());
    return {};
  }

  void set_spaces(bool prefix) {
    if (prefix && source_.space_prefix_first_only) {
      parts_->pre_tokenizer =
          PreTokenizer({{.kind = PreTokenizer::Kind::kMetaspace, .replacement = kSpace, .prepend = PrependScheme::kFirst}});
      return set_space_decoder(prefix);
    }
    std::vector<Normalizer::Step> steps;
    if (prefix) steps.push_back({.kind = Normalizer::Kind::kPrepend, .content = kSpace});
    steps.push_back({.kind = Normalizer::Kind::kReplace, .content = kSpace, .pattern = TokenPattern::literal(" ")});
    parts_->normalizer = Normalizer(std::move(steps));
    set_space_decoder(prefix);
  }

  void set_space_decoder(bool prefix) {
    using Kind = DecoderStep::Kind;
    parts_->decoder = {{.kind = Kind::kReplace, .content = " ", .pattern = TokenPattern::literal(kSpace)},
                       {.kind = Kind::kByteFallback},
                       {.kind = Kind::kFuse}};
    if (prefix) parts_->decoder.push_back({.kind = Kind::kStrip, .content = " ", .start = 1});
  }

  int32_t unknown() const {
    if (source_.unk >= 0) return static_cast<int32_t>(source_.unk);
    const auto found = std::find(source_.types.begin(), source_.types.end(), kUnknown);
    return found == source_.types.end() ? -1 : static_cast<int32_t>(found - source_.types.begin());
  }

  const GgufVocabulary& source_;
  std::unique_ptr<TokenizerParts> parts_;
  bool add_bos_ = false, add_eos_ = false;
};

}  // namespace

Result<Tokenizer> tokenizer_from_gguf(const GgufVocabulary& vocabulary) { return Reader(vocabulary).read(); }

}  // namespace kt::core
