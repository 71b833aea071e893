#include "core/text/gguf_vocabulary.h"

#include <algorithm>

#include "core/text/gguf_pre_tokenizer.h"
#include "core/text/read_tokenizer.h"
#include "core/text/tokenizer_parts.h"

namespace kt::core {
namespace {

enum TokenType : int32_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

// Texts on which ways to cut text differ: digits, contractions, spaces, line ends, scripts, marks, punctuation and code.
constexpr const char* kSamples[] = {
    "Hello world, it's 12345 o'clock; we'LL see they've 1 22 333 4444 55555.",
    "  two  spaces\tand\ttabs \n\n\nthree lines\r\n  indented\n \n   ",
    "def f(x):\n    return x**2 + 0x1F  # comment\n\tif (a&&b){c[0]!=d;}\n",
    "ÄÖÜ äöü ß naïve café e\xCC\x81lan \xCE\x9A\xCE\xB1\xCE\xBB\xCE\xB7\xCE\xBC\xCE\xAD\xCF\x81\xCE\xB1 "
    "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82, \xD0\x9C\xD0\xB8\xD1\x80!",
    "\xE4\xBD\xA0\xE5\xA5\xBD\xEF\xBC\x8C\xE4\xB8\x96\xE7\x95\x8C\xE3\x80\x82 2024\xE5\xB9\xB4"
    " \xE3\x81\x93\xE3\x82\x93\xE3\x81\xAB\xE3\x81\xA1\xE3\x81\xAF\xE3\x82\xAB\xE3\x82\xBF\xE3\x82\xAB\xE3\x83\x8A "
    "\xEC\x95\x88\xEB\x85\x95\xED\x95\x98\xEC\x84\xB8\xEC\x9A\x94 mixed\xE4\xB8\xADtext",
    "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7 \xE0\xA4\xA8\xE0\xA4\xAE\xE0\xA4\xB8\xE0\xA5\x8D\xE0\xA4\xA4\xE0\xA5\x87 "
    "\xF0\x9F\x98\x80\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x82\xAC 5 \xC2\xBD \xC2\xB2 \xE2\x85\xA7",
    "...!!! ??? (a) [b] {c} <d> \"e\" 'f' `g` ~h^ i|j\\k /path/to/file.txt http://a.b/c?d=e&f=g_h-i",
    "CamelCaseWords HTTPServer iPhone McDonald USA's don'T a.b.c 3.14 1,000,000 -5 +6 50% $7 #8 @nine",
    " leading",
    "trailing ",
    "x",
    " ",
    "\n",
    "a\n b",
    "'s 's'S",
    "1",
    "12",
    "123",
    "1234",
};

Error cannot(const std::string& why) {
  return bad_tokenizer("GGUF", why, "use the folder as it is, or a GGUF file of the model as input");
}

std::vector<std::string> cut(const TokenizerParts& parts, const PreTokenizer& pre, std::string_view sample) {
  Pieces pieces{parts.normalizer.apply(sample), {}, true};
  if (!pieces.text.empty()) pieces.ranges.push_back({0, pieces.text.size()});
  pre.apply(&pieces);
  std::vector<std::string> out;
  for (size_t i = 0; i < pieces.ranges.size(); ++i) out.emplace_back(pieces[i]);
  return out;
}

class Writer {
 public:
  Writer(const Json& json, const Tokenizer& source) : model_(json["model"]), source_(source) {}

  Result<GgufVocabulary> write(int64_t rows) {
    out_.unk = unknown();
    write_tokens(rows);
    KT_TRY(write_ends());
    if (const Json* unigram = scores_of_unigram()) return write_unigram(*unigram);
    write_merges();
    if (out_.merges.empty()) return cannot("has no way to say a vocabulary without merges");
    return writes_bytes() ? write_byte_level() : write_scored();
  }

 private:
  int64_t unknown() const {
    if (const auto id = model_.find("unk_id"); id != model_.end() && id->is_number_integer()) return id->get<int64_t>();
    const auto token = model_.find("unk_token");
    return token != model_.end() && token->is_string() ? source_.find(token->get<std::string>()) : -1;
  }

  void write_tokens(int64_t rows) {
    const AddedTokens& added = source_.parts().added;
    for (int32_t id = 0; id < std::max<int64_t>(rows, source_.vocab_size()); ++id) {
      const bool used = source_.has(id);
      out_.tokens.push_back(used ? source_.piece(id) : "[PAD" + std::to_string(id) + "]");
      const AddedToken* token = added.find(id);
      out_.types.push_back(!used                         ? kUnused
                           : id == out_.unk              ? kUnknown
                           : token                       ? (token->special ? kControl : kUserDefined)
                           : is_byte(out_.tokens.back()) ? kByte
                                                         : kNormal);
    }
  }

  // "<0x0A>"
  static bool is_byte(const std::string& token) {
    return token.size() == 6 && token.starts_with("<0x") && token.back() == '>' &&
           std::isxdigit(static_cast<unsigned char>(token[3])) && std::isxdigit(static_cast<unsigned char>(token[4]));
  }

  Status write_ends() {
    out_.bos = source_.bos();
    out_.eos = source_.eos();
    const std::vector<int32_t>&prefix = source_.parts().prefix, &suffix = source_.parts().suffix;
    if (prefix.size() == 1 && out_.bos < 0) out_.bos = prefix[0];
    if (suffix.size() == 1 && out_.eos < 0) out_.eos = suffix[0];
    const auto is_only = [](const std::vector<int32_t>& ids, int64_t id) {
      return ids.empty() || (ids.size() == 1 && ids[0] == id);
    };
    if (!is_only(prefix, out_.bos)) return cannot("has no way to say what the tokenizer puts before a text");
    if (!is_only(suffix, out_.eos)) return cannot("has no way to say what the tokenizer puts behind a text");
    out_.add_bos = !prefix.empty();
    out_.add_eos = !suffix.empty();
    return {};
  }

  const Json* scores_of_unigram() const {
    const auto vocabulary = model_.find("vocab");
    return vocabulary != model_.end() && vocabulary->is_array() ? &*vocabulary : nullptr;
  }

  void write_merges() {
    const auto merges = model_.find("merges");
    if (merges == model_.end()) return;
    for (const Json& merge : *merges)
      out_.merges.push_back(merge.is_string() ? merge.get<std::string>()
                                              : merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  }

  bool writes_bytes() const {
    const auto& decoder = source_.parts().decoder;
    return std::any_of(decoder.begin(), decoder.end(),
                       [](const DecoderStep& step) { return step.kind == DecoderStep::Kind::kByteLevel; });
  }

  Result<GgufVocabulary> write_byte_level() {
    out_.model = "gpt2";
    const auto flag = model_.find("ignore_merges");
    const bool ignores_merges = flag != model_.end() && flag->is_boolean() && flag->get<bool>();
    bool cuts_alike = false;
    for (const std::string_view name : gguf_pre_tokenizer_names()) {
      const GgufPreTokenizer& named = *find_gguf_pre_tokenizer(name);
      if (named.ignore_merges != ignores_merges || !same_cuts(KT_TRY(make_pre_tokenizer(named)))) continue;
      cuts_alike = true;
      out_.pre = name;
      if (difference(KT_TRY(tokenizer_from_gguf(out_))).empty()) return std::move(out_);
    }
    return cannot(cuts_alike ? "says the tokenizer's cuts but not the rest of what it does"
                             : "has no name for the way in which the tokenizer cuts text");
  }

  bool same_cuts(const PreTokenizer& named) const {
    return std::all_of(std::begin(kSamples), std::end(kSamples), [&](const char* sample) {
      return cut(source_.parts(), named, sample) == cut(source_.parts(), source_.parts().pre_tokenizer, sample);
    });
  }

  // Pieces are joined in the order of their scores: that of the first merge that makes them. What no merge makes comes last.
  Result<GgufVocabulary> write_scored() {
    out_.model = "llama";
    const auto count = static_cast<float>(out_.merges.size());
    for (size_t id = 0; id < out_.tokens.size(); ++id) out_.scores.push_back(-count - static_cast<float>(id));
    std::vector<bool> is_made(out_.tokens.size());
    for (size_t i = 0; i < out_.merges.size(); ++i) {
      std::string joined = out_.merges[i];
      joined.erase(joined.find(' ', 1), 1);
      const int32_t id = source_.parts().vocabulary.find(joined);
      if (id < 0 || is_made[static_cast<size_t>(id)]) continue;
      is_made[static_cast<size_t>(id)] = true;
      out_.scores[static_cast<size_t>(id)] = -static_cast<float>(i);
    }
    out_.merges.clear();
    return with_spaces();
  }

  Result<GgufVocabulary> write_unigram(const Json& entries) {
    out_.model = "t5";
    out_.scores.assign(out_.tokens.size(), 0);
    for (size_t id = 0; id < entries.size(); ++id) out_.scores[id] = entries[id][1].get<float>();
    return with_spaces();
  }

  // Whether and where a space is put before the text is tried rather than read.
  Result<GgufVocabulary> with_spaces() {
    struct Way {
      bool prefix, first_only;
    };
    std::string first;
    for (const Way way : {Way{true, false}, Way{false, false}, Way{true, true}}) {
      out_.add_space_prefix = way.prefix;
      out_.space_prefix_first_only = way.first_only;
      const std::string found = difference(KT_TRY(tokenizer_from_gguf(out_)));
      if (found.empty()) return std::move(out_);
      if (first.empty()) first = found;
    }
    return cannot("has no way to say what the tokenizer does: " + first);
  }

  // A text that both encode or decode differently, as a sentence; empty if there is none.
  std::string difference(const Tokenizer& other) const {
    for (const char* sample : kSamples)
      if (differs(other, sample)) return Json(sample).dump() + " becomes other tokens";
    for (int32_t id = 0; id < source_.vocab_size(); ++id) {
      const std::string text = source_.decode(std::span(&id, 1), false);
      if (differs(other, text)) return Json(text).dump() + " becomes other tokens";
      if (text != other.decode(std::span(&id, 1), false)) return "token " + std::to_string(id) + " becomes another text";
    }
    return {};
  }

  bool differs(const Tokenizer& other, std::string_view text) const {
    const std::string split =
        source_.bos() >= 0 ? std::string(text) + source_.piece(static_cast<int32_t>(source_.bos())) + "x" : "";
    const EncodeOptions with_control{.add_special = true, .parse_special = true};
    if (source_.encode(split, with_control) != other.encode(split, with_control)) return true;
    for (const bool parse_special : {false, true}) {
      const EncodeOptions options{.add_special = true, .parse_special = parse_special};
      if (source_.encode(text, options) != other.encode(text, options)) return true;
    }
    return false;
  }

  const Json& model_;
  const Tokenizer& source_;
  GgufVocabulary out_;
};

}  // namespace

Result<GgufVocabulary> gguf_vocabulary(const Json& tokenizer, const Json& config, int64_t rows) {
  const Tokenizer source = KT_TRY(tokenizer_from_json(tokenizer, config, rows));  // checks what Writer takes for granted
  return Writer(tokenizer, source).write(rows);
}

}  // namespace kt::core
