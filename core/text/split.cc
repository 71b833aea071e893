#include "core/text/split.h"

#include <algorithm>

namespace kt::core {
namespace {

struct Part {
  ByteRange range;
  bool is_match;
};

// Matches and what lies between them, covering all of `size` bytes.
std::vector<Part> parts_of(const std::vector<ByteRange>& matches, size_t size, bool invert) {
  std::vector<Part> parts;
  size_t at = 0;
  for (const ByteRange& match : matches) {
    if (match.begin > at) parts.push_back({{at, match.begin}, invert});
    parts.push_back({match, !invert});
    at = match.end;
  }
  if (at < size) parts.push_back({{at, size}, invert});
  return parts;
}

// A match joins the part before it, unless that is a match too. Run backwards this is "merged with next".
template <class Iterator>
void merge_matches(Iterator begin, Iterator end, std::vector<ByteRange>* out) {
  bool after_match = false;
  for (Iterator part = begin; part != end; ++part) {
    if (part->is_match && !after_match && !out->empty()) {
      out->back() = {std::min(out->back().begin, part->range.begin), std::max(out->back().end, part->range.end)};
    } else {
      out->push_back(part->range);
    }
    after_match = part->is_match;
  }
}

std::vector<ByteRange> cut(const std::vector<Part>& parts, SplitBehavior behavior) {
  std::vector<ByteRange> out;
  switch (behavior) {
    case SplitBehavior::kRemoved:
      for (const Part& part : parts)
        if (!part.is_match) out.push_back(part.range);
      break;
    case SplitBehavior::kIsolated:
      for (const Part& part : parts) out.push_back(part.range);
      break;
    case SplitBehavior::kContiguous:
      for (size_t i = 0; i < parts.size(); ++i) {
        if (i > 0 && parts[i].is_match == parts[i - 1].is_match)
          out.back().end = parts[i].range.end;
        else
          out.push_back(parts[i].range);
      }
      break;
    case SplitBehavior::kMergedWithPrevious:
      merge_matches(parts.begin(), parts.end(), &out);
      break;
    case SplitBehavior::kMergedWithNext:
      merge_matches(parts.rbegin(), parts.rend(), &out);
      std::reverse(out.begin(), out.end());
      break;
  }
  return out;
}

}  // namespace

void split_pieces(const TokenPattern& pattern, SplitBehavior behavior, bool invert, Pieces* pieces) {
  std::vector<ByteRange> all, matches;
  all.reserve(pieces->ranges.size());
  for (size_t i = 0; i < pieces->ranges.size(); ++i) {
    const ByteRange piece = pieces->ranges[i];
    pattern.find((*pieces)[i], &matches);
    for (const ByteRange& range : cut(parts_of(matches, piece.size(), invert), behavior))
      all.push_back({piece.begin + range.begin, piece.begin + range.end});
  }
  pieces->ranges = std::move(all);
}

}  // namespace kt::core
