#include "core/text/normalizer.h"

#include <utf8proc.h>

#include "core/text/text_fields.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

using Kind = Normalizer::Kind;
using Step = Normalizer::Step;

constexpr size_t kMaxSteps = 16;
constexpr size_t kMaxPrepended = 256;
constexpr double kMaxGrowth = 64;  // bytes made of one byte, by all steps together

std::string lowercase(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, &at);
    if (c == 0x130)
      out += "i\xCC\x87";  // the only letter with two in lower case
    else
      append_code_point(&out, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
  return out;
}

std::string strip_accents(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, &at);
    if (!is_mark(c)) append_code_point(&out, c);
  }
  return out;
}

std::string strip(std::string_view text, bool left, bool right) {
  size_t begin = 0, end = text.size();
  for (size_t at = 0; left && at < end && is_white_space(next_code_point(text, &at));) begin = at;
  while (right && end > begin && is_white_space(last_code_point(text.substr(0, end)))) {
    --end;
    while (end > begin && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  }
  return std::string(text.substr(begin, end - begin));
}

std::string replace(std::string_view text, const Step& step) {
  std::vector<ByteRange> matches;
  step.pattern.find(text, &matches);
  std::string out;
  size_t at = 0;
  for (const ByteRange& match : matches) {
    out.append(text.substr(at, match.begin - at)).append(step.content);
    at = match.end;
  }
  out.append(text.substr(at));
  return out;
}

std::string apply_step(const Step& step, std::string_view text) {
  switch (step.kind) {
    case Kind::kNfc:
      return normalize_unicode(text, true, false);
    case Kind::kNfd:
      return normalize_unicode(text, false, false);
    case Kind::kNfkc:
      return normalize_unicode(text, true, true);
    case Kind::kNfkd:
      return normalize_unicode(text, false, true);
    case Kind::kLowercase:
      return lowercase(text);
    case Kind::kStripAccents:
      return strip_accents(text);
    case Kind::kPrepend:
      return text.empty() ? std::string() : step.content + std::string(text);
    case Kind::kReplace:
      return replace(text, step);
    case Kind::kStrip:
      return strip(text, step.left, step.right);
  }
  return std::string(text);
}

bool removes_first(const Step& step, std::string_view text) {
  if (text.empty()) return false;
  size_t at = 0;
  const char32_t first = next_code_point(text, &at);
  return (step.kind == Kind::kStrip && step.left && is_white_space(first)) ||
         (step.kind == Kind::kStripAccents && is_mark(first));
}

class Reader {
 public:
  Status read(const Json& value, const std::string& where) {
    TextFields fields(value, where);
    const std::string type = fields.required_text("type");
    KT_TRY(std::move(fields.status));
    if (type == "Sequence") return read_sequence(fields);
    if (steps_.size() >= kMaxSteps) return bad_tokenizer(where, "there are more than " + std::to_string(kMaxSteps) + " steps");
    steps_.push_back(KT_TRY(step(type, fields)));
    KT_TRY(std::move(fields.status));
    growth_ *= growth(steps_.back());
    if (growth_ <= kMaxGrowth) return {};
    return bad_tokenizer(
        where, "the normalizers make texts more than " + std::to_string(static_cast<int>(kMaxGrowth)) + " times longer");
  }

  std::vector<Step> take() { return std::move(steps_); }

 private:
  Status read_sequence(TextFields& fields) {
    const Json* list = fields.list("normalizers");
    KT_TRY(std::move(fields.status));
    if (!list) return bad_tokenizer(fields.where("normalizers"), "must be a list");
    for (size_t i = 0; i < list->size(); ++i)
      KT_TRY(read((*list)[i], fields.where("normalizers") + "[" + std::to_string(i) + "]"));
    return {};
  }

  static double growth(const Step& step) {
    if (step.kind != Kind::kReplace) return 1;
    return step.pattern.growth(step.content);
  }

  static Result<Step> step(const std::string& type, TextFields& fields) {
    if (type == "NFC") return Step{Kind::kNfc};
    if (type == "NFD") return Step{Kind::kNfd};
    if (type == "NFKC") return Step{Kind::kNfkc};
    if (type == "NFKD") return Step{Kind::kNfkd};
    if (type == "Lowercase") return Step{Kind::kLowercase};
    if (type == "StripAccents") return Step{Kind::kStripAccents};
    if (type == "Prepend") {
      Step step{.kind = Kind::kPrepend, .content = fields.required_text("prepend")};
      if (step.content.size() > kMaxPrepended) return bad_tokenizer(fields.where("prepend"), "is too long");
      return step;
    }
    if (type == "Strip")
      return Step{.kind = Kind::kStrip, .left = fields.flag("strip_left", true), .right = fields.flag("strip_right", true)};
    if (type == "Replace") {
      const Json* pattern = fields.object("pattern");
      if (!pattern) return bad_tokenizer(fields.where("pattern"), "must be an object");
      TokenPattern searched = KT_TRY(TokenPattern::read(*pattern, fields.where("pattern")));
      return Step{.kind = Kind::kReplace, .content = fields.text("content"), .pattern = std::move(searched)};
    }
    return bad_tokenizer(fields.where("type"), "normalizer '" + type + "' is not supported",
                         "kt knows NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Prepend, Replace, Strip, Sequence");
  }

  std::vector<Step> steps_;
  double growth_ = 1;
};

}  // namespace

Result<Normalizer> Normalizer::read(const Json& value) {
  Reader reader;
  KT_TRY(reader.read(value, "normalizer"));
  return Normalizer(reader.take());
}

std::string Normalizer::apply(std::string_view text, bool* keeps_start) const {
  std::string out(text);
  for (const Step& step : steps_) {
    if (keeps_start && removes_first(step, out)) *keeps_start = false;
    out = apply_step(step, out);
  }
  return out;
}

}  // namespace kt::core
