#include "core/text/pre_tokenizer.h"

#include "core/text/byte_level.h"

namespace kt::core {
namespace {

using Step = PreTokenizer::Step;

// Writes every piece anew; what `rewrite` appends to the text becomes the piece.
template <class Rewrite>
void rewrite_pieces(Pieces* pieces, const Rewrite& rewrite) {
  std::string text;
  text.reserve(pieces->text.size() * 2);
  std::vector<ByteRange> ranges;
  ranges.reserve(pieces->ranges.size());
  for (size_t i = 0; i < pieces->ranges.size(); ++i) {
    const size_t begin = text.size();
    rewrite(i, &text);
    if (text.size() > begin) ranges.push_back({begin, text.size()});
  }
  pieces->at_start = !pieces->ranges.empty() && pieces->is_first(0);
  pieces->text = std::move(text);
  pieces->ranges = std::move(ranges);
}

void byte_level(Pieces* pieces) {
  rewrite_pieces(pieces, [&](size_t i, std::string* out) { append_byte_level((*pieces)[i], out); });
}

void add_prefix_spaces(Pieces* pieces) {
  rewrite_pieces(pieces, [&](size_t i, std::string* out) {
    const std::string_view piece = (*pieces)[i];
    if (!piece.starts_with(' ')) *out += ' ';
    *out += piece;
  });
}

void metaspace(const Step& step, Pieces* pieces) {
  rewrite_pieces(pieces, [&](size_t i, std::string* out) {
    const std::string_view piece = (*pieces)[i];
    const bool starts_with_space = piece.starts_with(' ') || piece.starts_with(step.replacement);
    const bool wants = step.prepend == PrependScheme::kAlways || (step.prepend == PrependScheme::kFirst && pieces->is_first(i));
    if (wants && !starts_with_space) *out += step.replacement;
    for (const char c : piece) {
      if (c == ' ')
        *out += step.replacement;
      else
        *out += c;
    }
  });
}

}  // namespace

void PreTokenizer::apply(Pieces* pieces) const {
  for (const Step& step : steps_) {
    switch (step.kind) {
      case Kind::kSplit:
        split_pieces(step.pattern, step.behavior, step.invert, pieces);
        break;
      case Kind::kByteLevel:
        byte_level(pieces);
        break;
      case Kind::kMetaspace:
        metaspace(step, pieces);
        break;
      case Kind::kPrefixSpace:
        add_prefix_spaces(pieces);
        break;
    }
  }
}

}  // namespace kt::core
