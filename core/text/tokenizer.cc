#include "core/text/tokenizer.h"

#include <algorithm>

#include "core/text/detokenizer.h"
#include "core/text/tokenizer_parts.h"
#include "core/text/utf8.h"

namespace kt::core {
namespace {

// Encodes one text; `allowed` are the stretches in which control tokens may be found, in order.
class Encoder {
 public:
  Encoder(const TokenizerParts& parts, std::string_view text, std::span<const ByteRange> allowed)
      : parts_(parts), text_(text), allowed_(allowed) {}

  std::vector<int32_t> encode(bool add_special) {
    ids_.reserve(text_.size() / 3 + 8);
    if (add_special) append(parts_.prefix);
    for (const TokenSpan& span : parts_.added.split(text_, false, allowed_)) {
      if (span.id >= 0)
        ids_.push_back(span.id);
      else
        encode_stretch(span.range);
    }
    if (add_special) append(parts_.suffix);
    return std::move(ids_);
  }

 private:
  void append(const std::vector<int32_t>& ids) { ids_.insert(ids_.end(), ids.begin(), ids.end()); }

  void encode_stretch(const ByteRange& range) {
    bool at_start = range.begin == 0;
    const std::string text = parts_.normalizer.apply(text_.substr(range.begin, range.size()), &at_start);
    const std::vector<ByteRange> allowed =
        parts_.added.has_normalized_control() ? normalized_allowed(range, text) : std::vector<ByteRange>();
    for (const TokenSpan& span : parts_.added.split(text, true, allowed)) {
      if (span.id >= 0)
        ids_.push_back(span.id);
      else
        encode_plain(text.substr(span.range.begin, span.range.size()), at_start && span.range.begin == 0);
    }
  }

  // Where the allowed stretches of a text lie after normalisation: as far as the normalised text agrees with that of the text up
  // to a border.
  std::vector<ByteRange> normalized_allowed(const ByteRange& range, std::string_view normalized) const {
    std::vector<ByteRange> out;
    for (const ByteRange& allowed : allowed_) {
      const size_t begin = std::max(allowed.begin, range.begin), end = std::min(allowed.end, range.end);
      if (begin >= end) continue;
      const size_t first = begin == range.begin ? 0 : border(range.begin, begin, normalized).end;
      const size_t last = end == range.end ? normalized.size() : border(range.begin, end, normalized).begin;
      if (first < last) out.push_back({first, last});
    }
    return out;
  }

  // The border at byte `end` of the text lies in this range of the normalised text.
  ByteRange border(size_t begin, size_t end, std::string_view normalized) const {
    const std::string part = parts_.normalizer.apply(text_.substr(begin, end - begin));
    const auto differ = std::mismatch(part.begin(), part.end(), normalized.begin(), normalized.end());
    return {static_cast<size_t>(differ.first - part.begin()), std::min(part.size(), normalized.size())};
  }

  void encode_plain(std::string text, bool at_start) {
    Pieces pieces{std::move(text), {}, at_start};
    pieces.ranges.push_back({0, pieces.text.size()});
    parts_.pre_tokenizer.apply(&pieces);
    for (size_t i = 0; i < pieces.ranges.size(); ++i) parts_.model->encode(pieces[i], &ids_);
  }

  const TokenizerParts& parts_;
  std::string_view text_;
  std::span<const ByteRange> allowed_;
  std::vector<int32_t> ids_;
};

}  // namespace

Tokenizer::Tokenizer(std::unique_ptr<const TokenizerParts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

std::vector<int32_t> Tokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  std::string copy;
  text = valid_utf8(text, &copy);
  const ByteRange whole{0, text.size()};
  return Encoder(*parts_, text, std::span(&whole, options.parse_special ? 1 : 0)).encode(options.add_special);
}

std::vector<int32_t> Tokenizer::encode_parts(std::span<const TextPart> parts, bool add_special) const {
  std::string text, copy;
  std::vector<ByteRange> allowed;
  for (const TextPart& part : parts) {
    const size_t begin = text.size();
    text += valid_utf8(part.text, &copy);
    if (part.is_input || text.size() == begin) continue;
    if (!allowed.empty() && allowed.back().end == begin)
      allowed.back().end = text.size();
    else
      allowed.push_back({begin, text.size()});
  }
  return Encoder(*parts_, text, allowed).encode(add_special);
}

std::string Tokenizer::decode(std::span<const int32_t> ids, bool skip_special) const {
  Detokenizer detokenizer(*this, skip_special);
  std::string text;
  for (const int32_t id : ids) text += detokenizer.push(id);
  return text + detokenizer.finish();
}

bool Tokenizer::has(int32_t id) const { return parts_->vocabulary.has(id) || parts_->added.find(id) != nullptr; }

std::string Tokenizer::piece(int32_t id) const {
  const AddedToken* added = parts_->added.find(id);
  return added ? added->content : parts_->vocabulary.piece(id);
}

int32_t Tokenizer::find(std::string_view piece) const {
  const int32_t added = parts_->added.find(piece);
  return added >= 0 ? added : parts_->vocabulary.find(piece);
}

bool Tokenizer::is_special(int32_t id) const {
  const AddedToken* added = parts_->added.find(id);
  return added && added->special;
}

int32_t Tokenizer::vocab_size() const { return std::max(parts_->vocabulary.size(), parts_->added.size()); }
int32_t Tokenizer::bos() const { return parts_->bos; }
int32_t Tokenizer::eos() const { return parts_->eos; }

}  // namespace kt::core
