#include "core/text/decoder.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/text_fields.h"

namespace kt::core {
namespace {

using Kind = DecoderStep::Kind;

constexpr size_t kMaxSteps = 16;
constexpr int64_t kMaxStrip = 1 << 20;
constexpr size_t kMaxContent = 256;
constexpr double kMaxGrowth = 1024;  // bytes made of one byte, by all steps together

class Reader {
 public:
  Status read(const Json& value, const std::string& where) {
    TextFields fields(value, where);
    const std::string type = fields.required_text("type");
    KT_TRY(std::move(fields.status));
    if (steps_.size() >= kMaxSteps) return bad_tokenizer(where, "there are more than " + std::to_string(kMaxSteps) + " steps");
    if (type == "Sequence") return sequence(fields);
    KT_TRY(add(type, fields));
    KT_TRY(std::move(fields.status));
    if (steps_.empty()) return {};
    if (steps_.back().content.size() > kMaxContent) return bad_tokenizer(where, "its text is too long");
    if (steps_.back().kind == Kind::kReplace) growth_ *= steps_.back().pattern.growth(steps_.back().content);
    if (growth_ <= kMaxGrowth) return {};
    return bad_tokenizer(where,
                         "the decoders make texts more than " + std::to_string(static_cast<int>(kMaxGrowth)) + " times longer");
  }

  std::vector<DecoderStep> take() { return std::move(steps_); }

 private:
  Status sequence(TextFields& fields) {
    const Json* list = fields.list("decoders");
    KT_TRY(std::move(fields.status));
    if (!list) return bad_tokenizer(fields.where("decoders"), "must be a list");
    for (size_t i = 0; i < list->size(); ++i) KT_TRY(read((*list)[i], fields.where("decoders") + "[" + std::to_string(i) + "]"));
    return {};
  }

  Status add(const std::string& type, TextFields& fields) {
    if (type == "ByteLevel") {
      steps_.push_back({.kind = Kind::kByteLevel});
    } else if (type == "ByteFallback") {
      steps_.push_back({.kind = Kind::kByteFallback});
    } else if (type == "Fuse") {
      steps_.push_back({.kind = Kind::kFuse});
    } else if (type == "Strip") {
      return strip(fields);
    } else if (type == "Replace") {
      const Json* pattern = fields.object("pattern");
      if (!pattern) return bad_tokenizer(fields.where("pattern"), "must be an object");
      TokenPattern searched = KT_TRY(TokenPattern::read(*pattern, fields.where("pattern")));
      steps_.push_back({.kind = Kind::kReplace, .content = fields.text("content"), .pattern = std::move(searched)});
    } else if (type == "Metaspace") {
      PrependScheme prepend = KT_TRY(prepend_scheme(fields.text("prepend_scheme", "always"), fields.where("prepend_scheme")));
      if (!fields.flag("add_prefix_space", true)) prepend = PrependScheme::kNever;
      return with_content(
          {.kind = Kind::kMetaspace, .content = fields.text("replacement", "▁"), .strip_first = prepend != PrependScheme::kNever},
          fields);
    } else if (type == "WordPiece") {
      steps_.push_back({.kind = Kind::kWordPiece, .content = fields.text("prefix", "##")});
      const auto cleaning = clean_up_steps();
      if (fields.flag("cleanup", true)) steps_.insert(steps_.end(), cleaning.begin() + 1, cleaning.end());
    } else if (type == "BPEDecoder") {
      return with_content({.kind = Kind::kWordEnd, .content = fields.text("suffix", "</w>")}, fields);
    } else {
      return bad_tokenizer(fields.where("type"), "decoder '" + type + "' is not supported",
                           "kt knows ByteLevel, ByteFallback, Fuse, Strip, Replace, Metaspace, WordPiece, BPEDecoder, Sequence");
    }
    return {};
  }

  Status strip(TextFields& fields) {
    const int64_t start = fields.integer("start", 0), stop = fields.integer("stop", 0);
    if (start < 0 || stop < 0 || start > kMaxStrip || stop > kMaxStrip)
      return bad_tokenizer(fields.where(), "start or stop is out of range");
    return with_content({.kind = Kind::kStrip,
                         .content = fields.text("content", " "),
                         .start = static_cast<size_t>(start),
                         .stop = static_cast<size_t>(stop)},
                        fields);
  }

  Status with_content(DecoderStep step, TextFields& fields) {
    if (step.content.empty()) return bad_tokenizer(fields.where(), "its text is empty");
    steps_.push_back(std::move(step));
    return {};
  }

  std::vector<DecoderStep> steps_;
  double growth_ = 1;
};

}  // namespace

Result<std::vector<DecoderStep>> read_decoder(const Json& value) {
  if (value.is_null()) return std::vector<DecoderStep>{{.kind = Kind::kWordPiece}};
  Reader reader;
  KT_TRY(reader.read(value, "decoder"));
  return reader.take();
}

std::vector<DecoderStep> clean_up_steps() {
  constexpr std::pair<const char*, const char*> kPairs[] = {{" .", "."},     {" ?", "?"},     {" !", "!"},   {" ,", ","},
                                                            {" ' ", "'"},    {" n't", "n't"}, {" 'm", "'m"}, {" 's", "'s"},
                                                            {" 've", "'ve"}, {" 're", "'re"}};
  std::vector<DecoderStep> steps{{.kind = Kind::kFuse}};
  for (const auto& [from, to] : kPairs)
    steps.push_back({.kind = Kind::kReplace, .content = to, .pattern = TokenPattern::literal(from)});
  return steps;
}

}  // namespace kt::core
